"""Frames as lines."""

from rx_phoenix._cli.frames import frame_lines


def test_each_way_has_its_mark_and_no_secret(phx):
    lines = phx.record(frame_lines(phx.socket, ["planted-value"]))
    params = {"token": "by its name", "other": "planted-value", "of": "Joined-1"}
    phx.socket.channel("room:a", params).join()

    phx.run(server="oj")

    hidden = '{"token":"[redacted]","other":"[redacted]","of":"[redacted]"}'
    assert lines.values[0] == f'> ["1","1","room:a","phx_join",{hidden}]'
    assert lines.values[1].startswith('< ["1","1","room:a","phx_reply"')
