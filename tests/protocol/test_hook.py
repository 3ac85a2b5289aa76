"""The hook of a channel that has none."""

from rx_phoenix._protocol.hook import identity_hook


def test_it_returns_the_very_payload():
    payload = object()

    assert identity_hook("new_msg", payload, "1") is payload
