"""A client whose peer is a tape."""

import asyncio

import pytest

from rx_phoenix import (
    Backoff,
    Closed,
    Opened,
    PushRefused,
    Reconnect,
    SerializerV1,
    Socket,
)
from rx_phoenix._protocol.message import Message
from rx_phoenix.operators import map_async
from rx_phoenix.testing import TapeTransport
from rx_phoenix.testing._transports import tape

JOIN = Message("7", "7", "room:a", "phx_join", {})
PUSH = Message("7", "8", "room:a", "add", {"n": 1})


def reply(to, response, status="ok"):
    payload = {"status": status, "response": response}
    return Message(to.join_ref, to.ref, to.topic, "phx_reply", payload)


def event(name, payload, join_ref=None, topic="room:a"):
    return Message(join_ref, None, topic, name, payload)


@pytest.fixture
def scheduler(phx_timeline):
    return phx_timeline.scheduler


@pytest.fixture
def play(scheduler, phx_timeline):
    """A socket that is connected to a tape; it opened at 0.0."""

    def play(*entries, speed=1.0, **options):
        transport = TapeTransport([tape.Opened(0.0), *entries], speed=speed)
        socket = Socket(
            "ws://tape/socket",
            transport=transport,
            scheduler=scheduler,
            heartbeat=None,
            reconnect=Reconnect(Backoff(0.1)),
            **options,
        )
        phx_timeline.keep(Ending(socket))
        socket.connect()
        return socket

    return play


class Ending:
    """Ends a socket at the end of the test."""

    def __init__(self, socket):
        self.dispose = socket.aclose


def test_a_message_arrives_at_its_recorded_time(play, phx_timeline):
    socket = play(tape.Received(0.2, event("hi", {"n": 1})))
    payloads = phx_timeline.record(socket.channel("room:a").events("hi"))
    phx_timeline.scheduler.advance_by(0.3)

    assert payloads == phx_timeline.marbles("--h", {"h": {"n": 1}})


@pytest.mark.parametrize(("speed", "at"), [(2.0, 0.1), (0.5, 0.4), (0.0, 0.0)])
def test_a_tape_may_be_played_faster_or_slower(play, scheduler, speed, at):
    socket = play(tape.Received(0.2, event("hi", {})), speed=speed)
    times = []
    socket.channel("room:a").on("hi", lambda _: times.append(scheduler.clock))
    scheduler.advance_by(1.0)

    assert times == [at]


def test_a_consumer_that_is_full_pauses_it_and_its_end(play, scheduler):
    ticks = [tape.Received(0.2, event("hi", n)) for n in range(9)]
    socket = play(*ticks, tape.Closed(0.3, 1012, "a restart"))
    handled, ends = [], []

    async def work(number):
        await asyncio.sleep(1)
        handled.append(number)

    hi = socket.channel("room:a").events("hi")
    one_by_one = map_async(work, maxsize=2, overflow="wait", scheduler=scheduler)
    with hi.pipe(one_by_one).subscribe(), socket.lifecycle.subscribe(ends.append):
        scheduler.advance_by(5.0)
        assert ends == []
        scheduler.advance_by(20.0)

    assert handled == [*range(9)]
    assert ends[0] == Closed(1012, "a restart", clean=True)


def test_a_join_is_answered_with_the_refs_of_the_client(play, scheduler):
    socket = play(tape.Sent(0.1, JOIN), tape.Received(0.2, reply(JOIN, {"ok": 1})))
    joined = []
    socket.channel("room:b").join()
    socket.channel("room:a").join().subscribe(joined.append)
    scheduler.advance_by(0.3)

    assert joined == [{"ok": 1}]


def test_a_reply_waits_for_its_push(play, scheduler):
    socket = play(
        tape.Sent(0.1, JOIN),
        tape.Received(0.1, reply(JOIN, {})),
        tape.Sent(0.1, PUSH),
        tape.Received(0.2, reply(PUSH, {"sum": 1})),
    )
    channel = socket.channel("room:a")
    channel.join()
    scheduler.advance_by(1.0)
    answers = []
    channel.push("add", {"n": 1}).subscribe(answers.append)
    before = list(answers)
    scheduler.advance_by(0.0)

    assert before == []
    assert answers == [{"sum": 1}]


def test_a_message_of_a_join_waits_for_the_join(play, scheduler):
    socket = play(
        tape.Sent(0.0, JOIN),
        tape.Received(0.0, reply(JOIN, {})),
        tape.Received(0.1, event("hi", {}, join_ref="7")),
    )
    channel = socket.channel("room:a")
    payloads = []
    channel.on("hi", payloads.append)
    scheduler.advance_by(1.0)
    before = list(payloads)
    channel.join()
    scheduler.advance_by(0.0)

    assert before == []
    assert payloads == [{}]


def test_a_push_that_is_not_on_the_tape_is_not_answered(play, scheduler):
    socket = play(tape.Sent(0.0, JOIN), tape.Received(0.0, reply(JOIN, {})))
    channel = socket.channel("room:a")
    channel.join()
    push = channel.push("unknown", timeout=1.0)
    scheduler.advance_by(2.0)

    assert push.status == "timeout"


def test_a_recorded_refusal_refuses_again(play, scheduler):
    socket = play(
        tape.Sent(0.0, JOIN),
        tape.Received(0.0, reply(JOIN, {})),
        tape.Sent(0.0, PUSH),
        tape.Received(0.0, reply(PUSH, {"reason": "no"}, status="error")),
    )
    channel = socket.channel("room:a")
    channel.join()
    errors = []
    channel.push("add").subscribe(None, errors.append)
    scheduler.advance_by(0.0)

    assert [type(error) for error in errors] == [PushRefused]


@pytest.mark.parametrize("join_ref", [None, "7"])
def test_recorded_bytes_arrive_as_bytes(play, scheduler, join_ref):
    data = event("data", b"\x00\xff", join_ref)
    socket = play(
        tape.Sent(0.0, JOIN),
        tape.Received(0.0, reply(JOIN, b"\x01")),
        tape.Received(0.1, data),
    )
    channel = socket.channel("room:a")
    payloads = []
    channel.on("data", payloads.append)
    channel.joins.subscribe(payloads.append)
    channel.join()
    scheduler.advance_by(0.2)

    assert payloads == [b"\x01", b"\x00\xff"]


def test_a_binary_push_of_the_client_is_answered(play, scheduler):
    upload = Message("7", "8", "room:a", "upload", b"\x01")
    socket = play(
        tape.Sent(0.0, JOIN),
        tape.Received(0.0, reply(JOIN, {})),
        tape.Sent(0.0, upload),
        tape.Received(0.0, reply(upload, {"size": 1})),
    )
    channel = socket.channel("room:a")
    channel.join()
    answers = []
    channel.push("upload", b"\x01").subscribe(answers.append)
    scheduler.advance_by(0.0)

    assert answers == [{"size": 1}]


def test_a_client_of_version_1_can_replay_a_tape(play, scheduler):
    socket = play(
        tape.Sent(0.0, JOIN),
        tape.Received(0.0, reply(JOIN, {})),
        tape.Received(0.1, event("hi", {"n": 1})),
        serializer=SerializerV1(),
    )
    channel = socket.channel("room:a")
    payloads = []
    channel.on("hi", payloads.append)
    channel.join()
    scheduler.advance_by(0.2)

    assert payloads == [{"n": 1}]


def test_a_loss_happens_again_and_the_next_connection_follows(play, scheduler):
    socket = play(
        tape.Sent(0.0, JOIN),
        tape.Received(0.0, reply(JOIN, {"n": 1})),
        tape.Closed(0.5, 1012, "restart"),
        tape.Opened(9.0),
        tape.Sent(9.0, JOIN),
        tape.Received(9.2, reply(JOIN, {"n": 2})),
    )
    events, joins = [], []
    socket.lifecycle.subscribe(events.append)
    channel = socket.channel("room:a")
    channel.joins.subscribe(joins.append)
    channel.join()
    scheduler.advance_by(1.0)

    assert events[0] == Closed(1012, "restart", clean=True)
    assert events[-1] == Opened()
    assert joins == [{"n": 1}, {"n": 2}]


def test_no_connection_opens_after_the_last_of_the_tape(play, scheduler):
    socket = play(tape.Closed(0.1, 1000, ""))
    errors = []
    socket.on_error(errors.append)
    scheduler.advance_by(0.5)

    assert "no more connections" in str(errors[0])


def test_the_end_of_the_tape_is_emitted(scheduler, phx_timeline):
    transport = TapeTransport([tape.Opened(5.0), tape.Received(5.3, event("hi", {}))])
    ended = phx_timeline.record(transport.ended)
    socket = Socket("ws://tape/socket", transport=transport, scheduler=scheduler)
    phx_timeline.keep(Ending(socket))
    socket.connect()
    scheduler.advance_by(0.5)

    assert ended == phx_timeline.marbles("---(n|)", {"n": None})


def test_our_own_close_is_answered(play, scheduler):
    socket = play()
    scheduler.advance_by(0.0)
    ended = socket.aclose()
    scheduler.advance_by(0.0)

    assert ended.is_settled
