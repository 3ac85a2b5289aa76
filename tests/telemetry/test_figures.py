"""Figures: once a second, and nothing of them is left at the end."""

from rx_phoenix import Heartbeat, Message, Socket

DIRECTION = "network.io.direction"


def test_a_socket_without_a_loop_can_be_instrumented(collector):
    collector.watch(Socket("ws://phx.test/socket")).dispose()

    assert collector.spans() == []


def test_frames_and_their_sizes_are_counted_in_both_directions(phx, socket, collector):
    socket.channel("room:1").join()
    phx.run("-oj 1s ")
    frames = collector.measured("phoenix.client.frames", DIRECTION)
    sizes = collector.measured("phoenix.client.io", DIRECTION)

    assert frames == {("transmit",): 1, ("receive",): 1}
    assert sizes[("transmit",)] == len('["1","1","room:1","phx_join",{}]')
    assert sizes.keys() == frames.keys()


def test_what_was_dropped_is_counted_by_the_reason(phx, socket, collector):
    answer = {"status": "ok", "response": {}}
    phx.letters(a=Message("1", "99", "room:1", "phx_reply", answer), z="no json")
    socket.channel("room:1").join()
    phx.run("-oj-a-z 1s ")

    assert collector.measured("phoenix.client.dropped_messages", "phoenix.reason") == {
        ("late_reply",): 1,
        ("protocol_error",): 1,
    }


def test_what_waits_now_is_measured(phx, socket, collector):
    measured = []
    channel = socket.channel("room:1")
    channel.join()
    channel.push("shout").mark_seen()
    for lane in ("-o 1s ", "j 1s "):
        phx.run(lane)
        measured.append(collector.measured("phoenix.client.waiting_pushes")[()])

    assert measured == [1, 0]


def test_nothing_waits_at_the_end(phx, socket, collector):
    socket.channel("room:1").join()
    phx.run("-oj 1s ")
    during = collector.measured("phoenix.client.channels")
    socket.aclose()
    phx.run("-")

    assert (during, collector.measured("phoenix.client.channels")) == ({(): 1}, {(): 0})


def test_the_round_trip_of_heartbeats_is_measured(phx, collector):
    phx.use(heartbeat=Heartbeat(1.0))
    phx.keep(collector.watch(phx.socket))
    phx.socket.connect()
    phx.run("-o 1s --h 1s ")

    assert collector.measured("phoenix.client.round_trip") == {(): 0.3}
