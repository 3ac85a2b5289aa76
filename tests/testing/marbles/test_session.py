from rx_phoenix.testing._marbles.session import (
    failure,
    fresh_phx,
    phx_session,
    timeline_session,
)


def test_a_session_lists_what_is_left_on_its_clock():
    with timeline_session() as timeline, phx_session(timeline) as phx:
        phx.at(10, print)

    assert "a timer is still armed" in failure(timeline)


def test_a_strict_session_lists_recordings_that_were_not_read():
    with timeline_session(is_strict=True) as timeline:
        timeline.record(timeline.cold("-a|"))
        timeline.run_until(1)

    assert "a recording was never read" in failure(timeline)


def test_each_fresh_one_has_a_clock_and_a_socket_of_its_own():
    sockets = []
    for _ in range(2):
        with fresh_phx() as phx:
            phx.run(server=" 1s ")
            assert phx.clock == 1.0
            sockets.append(phx.socket)

    assert sockets[0] is not sockets[1]
