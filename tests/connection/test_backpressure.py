"""A full consumer stops the reading of the connection that fills it."""

import asyncio
import logging

import pytest

from rx_phoenix import Heartbeat, Message, Socket, UsageError
from rx_phoenix._connection.handle import connection_of
from rx_phoenix._streams.hub import noop
from rx_phoenix.operators import map_async, values
from rx_phoenix.testing import FakeTransport, VirtualScheduler

OK = {"status": "ok", "response": {}}


class Trial:
    """A joined room, and an endless consumer of a value a second.

    Attributes:
        handled: The numbers that were consumed.
        ended: How the consumer's stream ended.
    """

    def __init__(self, time, *, heartbeat=None, **options):
        self.time = time
        self.handled = []
        self.ended = []
        self.transport = FakeTransport()
        self.socket = Socket(
            "ws://h/socket",
            transport=self.transport,
            scheduler=time,
            heartbeat=heartbeat,
        )
        self.room = self.socket.channel("room:1")
        with time.loop.running():
            self.room.join()
        self.connection = self.transport.attempt.open()
        self.answer(1)
        options = {"maxsize": 4, "overflow": "wait", **options}
        self.stream = self.room.events("n").pipe(
            map_async(self.consume, scheduler=time, **options)
        )

    def begin(self):
        return self.stream.subscribe(
            self.handled.append, self.ended.append, lambda: self.ended.append(None)
        )

    async def consume(self, number):
        await asyncio.sleep(1)
        return number

    def answer(self, ref, *more):
        reply = Message("1", str(ref), "room:1", "phx_reply", OK)
        self.connection.receive(reply, *more)

    def send(self, *numbers):
        self.connection.receive(
            *(Message("1", None, "room:1", "n", n) for n in numbers)
        )

    @property
    def stats(self):
        return connection_of(self.socket).snapshot()

    def close(self):
        self.socket.aclose()
        self.time.advance_by(30)


@pytest.fixture
def time():
    return VirtualScheduler()


@pytest.fixture
def make_trial(time):
    trials = []

    def make(**options):
        trials.append(Trial(time, **options))
        return trials[-1]

    yield make
    for trial in trials:
        trial.close()
    assert time.pending == ()


@pytest.fixture
def trial(make_trial):
    trial = make_trial()
    trial.begin()
    return trial


def test_reading_pauses_at_maxsize_and_goes_on_at_half(trial, time):
    pauses = []
    for n in range(1, 5):
        trial.send(n)
        pauses.append(trial.connection.is_paused)
    trial.send(5)
    pauses.append(trial.connection.is_paused)  # one runs, four wait
    time.advance_by(1)
    pauses.append(trial.connection.is_paused)
    time.advance_by(1)
    pauses.append(trial.connection.is_paused)

    assert pauses == [False, False, False, False, True, True, False]
    assert trial.stats.pauses == 1
    # Nothing watches for what would end the pause any longer.
    assert not connection_of(trial.socket).router.sent.is_watched


def test_a_pause_and_its_end_count_as_signs_of_life(trial, time):
    router = connection_of(trial.socket).router
    trial.send(*range(5))
    counts = [router.backpressure.pauses]
    time.advance_by(2)
    counts.append(router.backpressure.pauses)

    assert counts[0] > 0
    assert counts[1] > counts[0]


def test_a_pause_of_two_consumers_names_both(trial):
    trial.begin()
    trial.send(*range(9))

    sentence = connection_of(trial.socket).router.backpressure.describe()
    _, _, names = sentence.partition(": ")
    first, second = names.removesuffix(" is slower than its stream.").split(", ")
    assert first == second


def test_nothing_is_lost_and_the_order_is_kept(trial, time):
    for n in range(100):
        trial.send(n)
    time.advance_by(200)

    assert trial.handled == list(range(100))
    assert trial.stats.pauses > 20
    assert trial.stats.beyond_maxsize == 0


def test_the_rest_of_a_read_may_overshoot(trial, time):
    trial.send(*range(20))
    time.advance_by(30)

    assert trial.handled == list(range(20))
    assert trial.stats.beyond_maxsize == 15


def test_a_consumer_that_is_disposed_pauses_no_longer(make_trial, time):
    trial = make_trial()
    subscription = trial.begin()
    trial.send(*range(5))
    before = trial.connection.is_paused
    subscription.dispose()
    time.advance_by(0)

    assert (before, trial.connection.is_paused) == (True, False)


def test_it_goes_on_when_every_full_consumer_is_at_half(make_trial, time):
    trial = make_trial()
    trial.begin()
    slow = trial.room.events("n").pipe(
        map_async(
            lambda _: asyncio.sleep(10), overflow="wait", maxsize=4, scheduler=time
        )
    )
    subscription = slow.subscribe()
    trial.send(*range(5))
    time.advance_by(9)
    assert trial.connection.is_paused
    time.advance_by(11)
    assert not trial.connection.is_paused
    subscription.dispose()


def test_reads_behind_an_ended_await_do_not_overshoot_either(make_trial, time):
    trial = make_trial()

    async def ask_and_consume():
        await trial.room.push("q")
        trial.begin()

    time.loop.create_task(ask_and_consume())
    time.advance_by(0)
    trial.answer(trial.connection.messages[-1].ref)
    for n in range(20):
        trial.send(n)  # while the loop has its turns
    time.advance_by(0)
    assert trial.connection.is_paused

    time.advance_by(2)  # what waited has filled the consumer again
    assert trial.connection.is_paused
    time.advance_by(28)
    assert trial.handled == list(range(20))
    assert trial.stats.beyond_maxsize == 0


def test_while_an_answer_is_awaited_reading_goes_on(trial, time):
    push = trial.room.push("q")
    trial.send(*range(5))
    during = trial.connection.is_paused
    trial.send(*range(5, 10))
    trial.answer(push.ref)

    assert (during, trial.connection.is_paused) == (False, True)
    assert trial.stats.beyond_maxsize == 5


@pytest.mark.parametrize(
    "ask",
    [
        lambda trial: trial.room.push("q"),
        lambda trial: trial.socket.channel("room:2").join(),
        lambda trial: trial.room.leave(),
    ],
    ids=["push", "join", "leave"],
)
def test_what_is_asked_during_a_pause_ends_it(trial, time, ask):
    trial.send(*range(5))
    before = trial.connection.is_paused
    with time.loop.running():
        ask(trial)

    assert (before, trial.connection.is_paused) == (True, False)


def test_a_ping_does_not_end_a_pause(trial, time):
    trial.send(*range(5))
    with time.loop.running():
        trial.socket.ping().subscribe(noop, noop)

    assert trial.connection.is_paused


def test_a_cast_that_waits_to_be_sent_is_not_awaited(trial, time):
    other = trial.socket.channel("room:2")
    with time.loop.running():
        other.join()
        join = trial.connection.messages[-1]
        reply = Message(join.ref, join.ref, "room:2", "phx_reply", OK)
        crash = Message(join.ref, join.ref, "room:2", "phx_error", {})
        trial.connection.receive(reply, crash)
        other.cast("x")
    trial.send(*range(5))

    assert trial.connection.is_paused


def test_a_close_of_our_own_ends_a_pause_because_its_answer_has_to_be_read(trial):
    trial.transport.attempt.answers_close = False
    trial.send(*range(5))
    assert trial.connection.is_paused

    trial.socket.disconnect()
    assert not trial.connection.is_paused
    trial.connection.finish_close()


def test_a_consumer_that_awaits_answers_does_not_lock_itself_up(make_trial, time):
    trial = make_trial()

    async def ask(number):
        push = trial.room.push("q")
        time.call_later(0.1, lambda: trial.answer(push.ref))
        await push
        return number

    trial.consume = ask
    stream = trial.room.events("n").pipe(
        map_async(ask, overflow="wait", maxsize=4, scheduler=time)
    )
    stream.subscribe(trial.handled.append)
    for n in range(100):
        trial.send(n)
    time.advance_by(60)

    assert trial.handled == list(range(100))
    assert trial.stats.beyond_maxsize > 0


def test_a_pause_is_never_a_dead_peer_and_heartbeats_go_out_during_it(make_trial, time):
    trial = make_trial(heartbeat=Heartbeat(10, 5))
    trial.consume = lambda number: asyncio.sleep(1000)
    stream = trial.room.events("n").pipe(
        map_async(trial.consume, overflow="wait", maxsize=4, scheduler=time)
    )
    subscription = stream.subscribe()
    missed = []
    trial.socket.lifecycle.subscribe(missed.append)
    trial.send(*range(5))
    time.advance_by(100)
    beats = [m for m in trial.connection.messages if m.event == "heartbeat"]

    assert trial.connection.is_paused
    assert 8 <= len(beats) <= 11
    assert missed == []

    subscription.dispose()
    time.advance_by(4.9)  # a deadline of its own, from the end of the pause
    assert missed == []
    time.advance_by(20)
    assert missed != []


def test_a_new_connection_is_paused_by_a_consumer_that_is_still_full(trial, time):
    trial.send(*range(5))
    trial.connection.lose()
    time.advance_by(0.3)
    trial.connection = trial.transport.attempt.open()
    time.advance_by(0)
    join = trial.connection.messages[-1]
    reply = Message(join.join_ref, join.ref, "room:1", "phx_reply", OK)
    trial.connection.receive(reply)
    assert not trial.connection.is_paused
    trial.connection.receive(Message(None, None, "room:1", "n", 5))

    assert trial.connection.is_paused
    time.advance_by(10)
    assert trial.handled == list(range(6))


def test_a_connection_that_cannot_pause_ends_the_stream(make_trial, time, monkeypatch):
    trial = make_trial()
    trial.begin()
    monkeypatch.delattr("rx_phoenix.testing.FakeConnection.pause")
    trial.send(*range(7))
    time.advance_by(10)

    (error,) = trial.ended
    assert isinstance(error, UsageError)
    assert "WebSocketTransport" in str(error)
    assert trial.handled == [0, 1, 2, 3, 4]


def test_values_wait_as_well(make_trial, time):
    trial = make_trial()

    async def loop():
        async with values(trial.room.events("n"), maxsize=4, overflow="wait") as items:
            async for number in items:
                trial.handled.append(number)
                await asyncio.sleep(1)

    task = time.loop.create_task(loop())
    time.advance_by(0)
    for n in range(20):
        trial.send(n)
    assert trial.connection.is_paused
    time.advance_by(30)

    assert trial.handled == list(range(20))
    task.cancel()
    time.advance_by(0)


# Long pauses


def get_stuck(trial, time):
    async def stuck(_):
        await asyncio.sleep(1000)

    subscription = (
        trial.room.events("n")
        .pipe(map_async(stuck, overflow="wait", maxsize=2, scheduler=time))
        .subscribe()
    )
    trial.send(*range(3))
    return subscription


def test_a_long_pause_is_told_with_its_consumer_at_each_doubling(
    make_trial, time, caplog
):
    trial = make_trial()
    time.advance_by(7)
    subscription = get_stuck(trial, time)
    with caplog.at_level(logging.WARNING, "rx_phoenix"):
        time.advance_by(300)

    assert [record.phoenix_paused for record in caplog.records] == [30, 60, 120, 240]
    assert "stuck" in caplog.messages[0]
    assert "Nothing was read for 300.0 s: map_async(" in trial.socket.diagnosis()
    subscription.dispose()
    time.advance_by(0)
    assert "Nothing was read" not in trial.socket.diagnosis()


def test_a_pause_that_a_handler_of_its_warning_ends_is_not_warned_of_again(
    make_trial, time, caplog, monkeypatch
):
    trial = make_trial()
    subscription = get_stuck(trial, time)
    keep = caplog.handler.emit

    def keep_and_disconnect(record):
        keep(record)
        trial.socket.disconnect()

    monkeypatch.setattr(caplog.handler, "emit", keep_and_disconnect)
    with caplog.at_level(logging.WARNING, "rx_phoenix"):
        time.advance_by(300)

    assert [record.phoenix_paused for record in caplog.records] == [30]
    subscription.dispose()
