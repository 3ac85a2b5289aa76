"""The end of a connection that its server would keep: channels are left first."""

import pytest

from rx_phoenix import Message, Socket
from rx_phoenix._connection.departure import leave_after_answers
from rx_phoenix._connection.handle import connection_of
from rx_phoenix.testing import FakeTransport, VirtualScheduler


@pytest.fixture
def time():
    return VirtualScheduler()


@pytest.fixture
def transport():
    return FakeTransport()


@pytest.fixture
def socket(time, transport):
    socket = Socket(
        "ws://localhost/socket", transport=transport, scheduler=time, heartbeat=None
    )
    yield socket
    socket.aclose()
    time.advance_by(30)


@pytest.fixture
def peer(socket, transport):
    socket.connect()
    return transport.attempt.open()


def answer(peer, sent, **payload):
    reply = {"status": "ok", "response": {}} | payload
    peer.receive(Message(sent.join_ref, sent.ref, sent.topic, "phx_reply", reply))


def left(peer):
    return [m.topic for m in peer.messages if m.event == "phx_leave"]


@pytest.mark.parametrize("outlives_close", [True, False, None])
def test_channels_are_left_if_the_server_would_keep_them(socket, peer, outlives_close):
    if outlives_close is not None:
        peer.outlives_close = outlives_close
    for topic in "room:1", "room:2":
        socket.channel(topic).join()
        answer(peer, peer.messages[-1])
    socket.disconnect()

    assert left(peer) == (["room:1", "room:2"] if outlives_close else [])


def test_the_end_of_a_socket_leaves_once(socket, peer):
    peer.outlives_close = True
    socket.channel("room:1").join()
    answer(peer, peer.messages[-1])
    socket.aclose()

    assert left(peer) == ["room:1"]


def test_a_join_in_flight_is_left_too(socket, peer):
    peer.outlives_close = True
    socket.channel("room:1").join()
    socket.disconnect()

    assert left(peer) == ["room:1"]


def test_what_is_no_member_is_not_left(socket, peer):
    peer.outlives_close = True
    socket.channel("room:1").join()
    answer(peer, peer.messages[-1], status="error")
    socket.channel("room:2").join()
    answer(peer, peer.messages[-1])
    socket.channel("room:2").leave()
    socket.channel("room:3")
    socket.disconnect()

    assert left(peer) == ["room:2"]  # by the caller


def test_channels_rejoin_after_a_pause(socket, peer, transport):
    peer.outlives_close = True
    channel = socket.channel("room:1")
    channel.join()
    answer(peer, peer.messages[-1])
    socket.disconnect()
    socket.connect()
    again = transport.attempt.open()
    answer(again, again.messages[-1])

    assert channel.state == "joined"


@pytest.mark.parametrize("is_answered", [True, False])
def test_answers_in_flight_are_awaited_and_channels_left_once(
    socket, peer, time, is_answered
):
    channel, ends, unhandled = socket.channel("room:1"), [], []
    socket.unhandled.subscribe(unhandled.append)
    channel.join()
    answer(peer, peer.messages[-1])
    channel.push("x")
    question = peer.messages[-1]

    def end():
        ends.append(left(peer))
        peer.lose()

    leave_after_answers(connection_of(socket).router, time, end)
    before = left(peer)
    if is_answered:
        answer(peer, question)
    time.advance_by(10)

    assert before == []
    assert ends == [["room:1"]]
    assert unhandled == []


def test_a_push_at_the_end_of_a_departure_waits_for_the_next_connection(
    socket, peer, transport, time
):
    channel = socket.channel("room:1")
    channel.join()
    answer(peer, peer.messages[-1])
    # Nothing is in flight, so that it ends within the call.
    connection_of(socket).depart(lambda: channel.push("x"))
    peer.lose()
    time.advance_by(5)
    again = transport.attempt.open()
    answer(again, again.messages[-1])

    assert [m.event for m in peer.messages] == ["phx_join", "phx_leave"]
    assert [m.event for m in again.messages] == ["phx_join", "x"]
