"""From the wish for a connection to its opening."""

import asyncio

import pytest
from reactivex import Observable, just

from rx_phoenix import (
    AttemptFailed,
    Backoff,
    ConnectError,
    Opened,
    Reconnect,
    Retrying,
    Socket,
    UsageError,
)
from rx_phoenix.testing import FakeConnection, FakeTransport
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def events(stage):
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    return events


def kinds(events):
    return [type(event) for event in events]


# Who wants one.


@pytest.mark.case(25)
@pytest.mark.case(1)
def test_nothing_connects_before_somebody_wants_it(stage):
    stage.channel()
    stage.wait(60)

    assert stage.socket.state == "closed"
    assert stage.attempts == 0


WANTS = {
    "connect": lambda stage: stage.socket.connect(),
    "connection": lambda stage: stage.socket.connection.subscribe(),
    "join": lambda stage: stage.channel().join(),
    "joined": lambda stage: stage.channel().joined.subscribe(),
    "session": lambda stage: stage.channel().session.subscribe(),
    "stream": lambda stage: stage.socket.stream("room:1").subscribe(),
}


@pytest.mark.parametrize("want", WANTS)
def test_one_who_wants_it_is_enough(stage, want):
    WANTS[want](stage)
    before = stage.socket.state
    stage.open()

    assert (before, stage.socket.state) == ("connecting", "open")


@pytest.mark.case(23)
@pytest.mark.parametrize("first", WANTS)
@pytest.mark.parametrize("second", WANTS)
def test_all_who_want_it_share_one(stage, first, second):
    WANTS[first](stage)
    WANTS[second](stage)
    stage.open()
    WANTS[first](stage)
    WANTS[second](stage)

    assert stage.attempts == 1


def test_the_last_to_go_closes_it(stage):
    first = stage.socket.connection.subscribe()
    second = stage.socket.stream("room:1").subscribe()
    stage.open()
    first.dispose()
    before = stage.socket.state
    second.dispose()
    stage.answer("phx_leave")

    assert (before, stage.socket.state) == ("open", "closed")
    assert stage.transport.connection.closed_by_us == (1000, "")


def test_a_channel_holds_it_until_its_leave_is_answered(stage):
    stream = stage.socket.stream("room:1").subscribe()
    stage.open()
    stage.answer("phx_join")
    stream.dispose()
    stage.wait(9)
    before = stage.socket.state
    stage.answer("phx_leave")

    assert (before, stage.socket.state) == ("open", "closed")


def test_a_channel_holds_it_until_its_leave_times_out(stage):
    stream = stage.socket.stream("room:1").subscribe()
    stage.open()
    stage.answer("phx_join")
    stream.dispose()
    stage.wait(10)

    assert stage.socket.state == "closed"


def test_the_last_to_go_stops_an_attempt_that_is_under_way(stage):
    stage.socket.connection.subscribe().dispose()

    assert stage.transport.attempt.is_disposed
    assert stage.socket.state == "closed"


def test_the_last_to_go_stops_the_wait_for_the_next_attempt(stage):
    lease = stage.socket.connection.subscribe()
    stage.fail()
    lease.dispose()
    stage.wait(60)

    assert stage.attempts == 1


def test_a_disconnect_as_it_begins_to_connect_begins_no_attempt(stage):
    stage.socket.states.subscribe(
        lambda state: state == "connecting" and stage.socket.disconnect()
    )
    stage.socket.connect().subscribe(on_error=lambda _: None)

    assert stage.attempts == 0
    assert stage.socket.state == "closed"


# The lease.


def test_who_comes_while_it_is_open_hears_of_it_at_once(stage, notes):
    stage.connect()
    stage.socket.connection.subscribe(notes)
    other = RecordingObserver()
    stage.socket.connection.subscribe(other)

    assert notes.values == other.values == [Opened()]


def test_who_comes_again_hears_of_it_again(stage, notes):
    stage.connect()
    stage.socket.connection.subscribe(notes).dispose()
    stage.socket.connection.subscribe(notes)

    assert notes.values == [Opened(), Opened()]


@pytest.mark.parametrize("is_leased", [False, True])
def test_who_comes_while_it_is_lost_hears_of_nothing(stage, notes, is_leased):
    if is_leased:
        stage.socket.connection.subscribe()
    stage.connect()
    stage.lose()
    stage.socket.connection.subscribe(notes)

    assert notes.values == []


@pytest.mark.parametrize("place", ["states", "lifecycle"])
def test_who_comes_inside_the_opening_hears_of_it_once(stage, notes, place):
    def take(event):
        if event in {"open", Opened()}:
            stage.socket.connection.subscribe(notes)

    getattr(stage.socket, place).subscribe(take)
    stage.connect()

    assert notes.values == [Opened()]


def test_one_that_is_closed_inside_its_opening_is_not_emitted(stage, notes):
    stage.socket.connection.subscribe(notes)
    stage.socket.on_open(stage.socket.disconnect)
    stage.connect()
    late = RecordingObserver()
    stage.socket.connection.subscribe(late)

    assert notes == late == RecordingObserver()


# What connect() returns.


def test_connect_ends_with_the_first_open(stage, notes):
    stage.socket.connect().subscribe(notes)
    before = notes.is_open
    stage.open()

    assert before
    assert notes.completions == 1


def test_connect_waits_through_failures(stage, notes):
    stage.socket.connect().subscribe(notes)
    stage.fail()
    stage.wait(1)
    before = notes.is_open
    stage.open()

    assert before
    assert notes.completions == 1


def test_connect_when_it_is_open_ends_at_once(stage, notes):
    stage.connect()
    stage.socket.connect().subscribe(notes)

    assert notes.completions == 1
    assert stage.attempts == 1


def test_connect_when_a_lease_opened_it_ends_at_once(stage, notes):
    stage.socket.connection.subscribe()
    stage.open()
    stage.socket.connect().subscribe(notes)

    assert notes.completions == 1


def test_all_who_connect_meanwhile_wait_for_the_same(stage):
    assert stage.socket.connect() is stage.socket.connect()


def test_connect_during_the_backoff_waits_as_agreed(stage, notes):
    stage.connect()
    stage.lose()
    stage.socket.connect().subscribe(notes)
    before = stage.attempts
    stage.wait(0.01)
    stage.open()

    assert before == 1
    assert notes.completions == 1


@pytest.mark.defect(33)
def test_connect_can_be_awaited(stage):
    async def main():
        await stage.socket.connect()
        return stage.socket.state

    stage.scheduler.call_later(1, stage.open)

    assert stage.scheduler.loop.run_until_complete(main()) == "open"


@pytest.mark.parametrize("end", ["disconnect", "aclose"])
def test_connect_fails_when_it_is_called_off(stage, notes, end):
    stage.socket.connect().subscribe(notes)
    getattr(stage.socket, end)()

    (error,) = notes.errors
    assert isinstance(error, ConnectError | UsageError)
    assert f"{end}() was called" in str(error)


def test_it_takes_a_running_loop_to_connect():
    socket = Socket("ws://localhost/socket", transport=FakeTransport())

    with pytest.raises(UsageError, match="no running event loop"):
        socket.connect()
    with pytest.raises(UsageError, match="no running event loop"):
        socket.channel("room:1").join()

    errors = []
    socket.stream("room:1").subscribe(on_error=errors.append)
    assert "no running event loop" in str(errors[0])


def test_what_is_refused_without_a_loop_changes_nothing():
    transport = FakeTransport()
    socket = Socket("ws://localhost/socket", transport=transport)
    socket.disconnect()
    with pytest.raises(UsageError):
        socket.connect()

    async def main():
        socket.channel("room:1").join()
        before = len(transport.attempts)
        socket.connect().subscribe(on_error=lambda _: None)
        socket.disconnect()
        socket.channel("room:1").leave()
        await socket.aclose()
        return before

    assert asyncio.run(main()) == 0


def test_a_lease_that_is_refused_without_a_loop_holds_nothing():
    transport = FakeTransport()
    socket = Socket("ws://localhost/socket", transport=transport)
    socket.connection.subscribe(on_error=lambda _: None)

    async def main():
        socket.stream("room:1").subscribe().dispose()
        state = socket.state
        await socket.aclose()
        return state

    assert asyncio.run(main()) == "closed"


def test_a_join_without_a_loop_leaves_nothing_behind(stage):
    socket = Socket("ws://localhost/socket", transport=FakeTransport())
    channel = socket.channel("room:1")
    with pytest.raises(UsageError):
        channel.join()

    assert channel.state == "closed"
    assert not channel.is_wanted


CALLS = {
    "connect": lambda socket: socket.connect(),
    "reconnect_now": lambda socket: socket.reconnect_now(),
    "join": lambda socket: socket.channel("room:1").join(),
}


@pytest.mark.parametrize("call", CALLS)
async def test_another_thread_is_refused_at_the_call(call):
    socket = Socket("ws://localhost/socket", transport=FakeTransport())
    socket.connect().subscribe(on_error=lambda _: None)

    with pytest.raises(UsageError, match="call_soon_threadsafe"):
        await asyncio.to_thread(CALLS[call], socket)

    await socket.aclose()


@pytest.mark.parametrize("call", CALLS)
def test_a_socket_is_its_first_loops_for_life(call):
    socket = Socket("ws://localhost/socket", transport=FakeTransport())

    async def begin():
        socket.connect().subscribe(on_error=lambda _: None)
        socket.disconnect()

    async def go_on():
        with pytest.raises(UsageError, match="belongs to another event loop"):
            CALLS[call](socket)

    asyncio.run(begin())
    asyncio.run(go_on())


# The events of an attempt, and their order.


def test_an_opening_in_its_order(stage):
    story = []
    socket, channel = stage.socket, stage.channel()
    socket.states.subscribe(lambda state: story.append(f"socket {state}"))
    channel.states.subscribe(lambda state: story.append(f"channel {state}"))
    socket.lifecycle.subscribe(lambda event: story.append(type(event).__name__))
    socket.on_open(lambda: story.append("on_open"))
    socket.sent.subscribe(lambda message: story.append(message.event))
    socket.connection.subscribe(lambda _: story.append("connection"))
    channel.join()
    socket.connect().subscribe(lambda _: story.append("connect()"))
    story.clear()
    stage.open()

    assert story == [
        "socket open",
        "phx_join",
        "Opened",
        "on_open",
        "connection",
        "connect()",
    ]


@pytest.mark.case(58)
def test_a_failure_in_its_order(stage):
    story = []
    socket, channel = stage.socket, stage.channel()
    socket.states.subscribe(lambda state: story.append(f"socket {state}"))
    channel.states.subscribe(lambda state: story.append(f"channel {state}"))
    channel.on_error(lambda reason: story.append(reason["reason"]))
    socket.lifecycle.subscribe(lambda event: story.append(type(event).__name__))
    socket.on_error(lambda error: story.append(str(error)))
    channel.join()
    story.clear()
    stage.fail(ConnectError("refused"))

    assert story == [
        "socket closed",
        "channel errored",
        "connection_error",
        "AttemptFailed",
        "refused",
        "Retrying",
    ]


@pytest.mark.case(58)
def test_a_failed_attempt_is_no_close(stage):
    closes = []
    stage.socket.on_close(closes.append)
    stage.socket.connect()
    stage.fail()

    assert closes == []


@pytest.mark.case(59)
def test_attempts_are_counted_from_the_last_open(stage, events):
    stage.socket.connect()
    for _ in range(2):
        stage.fail()
        stage.wait(1)
    stage.open()
    stage.lose()
    stage.wait(1)
    stage.fail()
    failures = [e.attempt for e in events if isinstance(e, AttemptFailed)]
    retries = [e.attempt for e in events if isinstance(e, Retrying)]

    assert failures == [1, 2, 1]
    assert retries == [1, 2, 3, 4]


def test_what_arrives_while_it_is_told_of_the_opening_is_heard(stage):
    heard = []
    stage.channel().on("hello", heard.append)
    stage.socket.on_open(lambda: stage.receive("hello", {"n": 2}))
    stage.socket.states.subscribe(
        lambda state: state == "open" and stage.receive("hello", {"n": 1})
    )
    stage.connect()

    assert heard == [{"n": 1}, {"n": 2}]


# A peer that does not answer, and transports that do odd things.


def test_an_attempt_that_leads_to_nothing_fails_after_15_seconds(stage, events):
    causes = []
    stage.socket.on_error(lambda error: causes.append(type(error.__cause__)))
    stage.socket.connect()
    stage.scheduler.advance_before(15)
    before = list(events)
    stage.wait(0)

    assert before == []
    assert kinds(events) == [AttemptFailed, Retrying]
    assert "no connection to ws://localhost/socket within 15 s" in str(events[0].error)
    assert causes == [TimeoutError]
    assert stage.transport.attempt.is_disposed


class Transport:
    """A transport that does one thing."""

    def __init__(self, connect):
        self._connect = connect

    def connect(self, endpoint):
        return self._connect(endpoint)


def test_a_transport_that_completes_before_it_opens_fails_the_attempt(make_stage):
    stage = make_stage(transport=Transport(lambda _: Observable(completed)))
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()

    assert kinds(events) == [AttemptFailed, Retrying]


def completed(observer, scheduler=None):
    observer.on_completed()


def test_a_transport_may_open_within_the_call(make_stage):
    inner = FakeTransport()
    opened = []

    def connect(endpoint):
        life = inner.connect(endpoint)

        def subscribe(observer, scheduler=None):
            subscription = life.subscribe(observer)
            opened.append(inner.attempt.open())
            return subscription

        return Observable(subscribe)

    stage = make_stage(transport=Transport(connect))
    stage.socket.connect()
    state = stage.socket.state
    opened[0].lose()
    stage.socket.disconnect()

    assert state == "open"
    assert isinstance(opened[0], FakeConnection)


def test_a_transport_may_open_nothing_but_a_value_and_an_end(make_stage):
    connection = FakeTransport()
    connection.connect(None).subscribe()
    stage = make_stage(transport=Transport(lambda _: just(connection.attempt.open())))
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()

    assert len(events) == 3
    assert kinds(events)[0] is Opened


# Before anything: what a socket refuses.


@pytest.mark.case(22)
@pytest.mark.case(6)
def test_the_endpoint_carries_params_token_headers_and_version(make_stage):
    stage = make_stage(
        url="https://localhost/socket/?a=1",
        params={"b": 2},
        auth_token="secret",
        headers={"X-Y": "z"},
    )
    stage.socket.connect()
    endpoint = stage.transport.attempt.endpoint

    assert endpoint.address("websocket") == (
        "wss://localhost/socket/websocket?a=1&b=2&vsn=2.0.0"
    )
    assert (endpoint.auth_token, endpoint.headers) == ("secret", {"X-Y": "z"})


@pytest.mark.case(50)
def test_a_policy_may_be_any_function_of_the_retry(make_stage):
    stage = make_stage(reconnect=Reconnect(lambda retry: retry * 3.0))
    stage.socket.connect()
    stage.fail()
    stage.scheduler.advance_before(3)
    before = stage.attempts
    stage.wait(0)
    stage.fail()
    stage.wait(6)

    assert (before, stage.attempts) == (1, 3)


@pytest.mark.defect(7)
def test_the_default_delays_have_full_jitter(make_stage):
    stage = make_stage(reconnect=Reconnect(), random=lambda: 0.5)
    delays = []
    stage.socket.lifecycle.subscribe(
        lambda e: delays.append(e.delay) if isinstance(e, Retrying) else None
    )
    stage.socket.connect()
    for _ in range(9):
        stage.fail()
        stage.wait(delays[-1])

    assert delays == [0.125, 0.25, 0.5, 1, 2, 4, 8, 15, 15]


def test_chance_may_be_a_generator_of_it(make_stage):
    class Chance:
        def random(self):
            return 0.25

    stage = make_stage(reconnect=Reconnect(Backoff(4, 2, 30, "full")), random=Chance())
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()
    stage.fail()

    assert events[-1] == Retrying(1, 1.0)
