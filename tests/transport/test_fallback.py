"""Two transports in virtual time: which is used, since when, and what is told."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix import (
    Backoff,
    ConnectError,
    ConnectionLost,
    FallbackTransport,
    LongPollTransport,
    Message,
    Reconnect,
    SerializerV1,
    Socket,
    UsageError,
)
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    Opened,
    Retrying,
    SteppedUp,
)
from rx_phoenix.testing import FakeTransport, VirtualScheduler
from tests.operators.recording_observer import RecordingObserver

ENDPOINT = Endpoint(url="ws://localhost/socket")
PROBE = '[null,"fallback","phoenix","heartbeat",{}]'
ANSWER = '[null,"fallback","phoenix","phx_reply",{"status":"ok","response":{}}]'
BLOCKED = ConnectError("blocked")


class Roads:
    """A better transport and another one, and one attempt after another by both.

    Attributes:
        told: What the lifecycle said.
        notes: What the latest attempt said.
    """

    def __init__(self, **options):
        self.time = VirtualScheduler()
        self.first, self.then = FakeTransport(), FakeTransport()
        self.transport = FallbackTransport(self.first, self.then, **options)
        self.told = []
        self.transport.lifecycle.subscribe(self.told.append)
        self.attempts = []

    def connect(self, **endpoint):
        self.notes = RecordingObserver()
        endpoint = Endpoint(url="ws://localhost/socket", **endpoint)
        attempt = self.transport.connect(endpoint).subscribe(
            self.notes, scheduler=self.time
        )
        self.attempts.append(attempt)
        return attempt

    def wait(self, seconds):
        self.time.advance_by(seconds)

    def fall_back(self):
        """One attempt that ends up with the other transport."""
        self.connect()
        self.first.attempt.fail(BLOCKED)
        return self.then.attempt.open()

    @property
    def kinds(self):
        return [type(event) for event in self.told]

    @property
    def used(self):
        """How often each was tried."""
        return len(self.first.attempts), len(self.then.attempts)

    @property
    def is_quiet(self):
        pending = [
            attempt
            for transport in (self.first, self.then)
            for attempt in transport.attempts
            if attempt.is_pending or attempt.is_open
        ]
        return not pending and not self.time.pending


@pytest.fixture
def roads():
    roads = Roads()
    yield roads
    for attempt in roads.attempts:
        attempt.dispose()
    assert roads.is_quiet


# The better transport works.


@pytest.mark.case(238)
def test_the_first_is_used_while_it_works(roads):
    roads.connect()
    roads.wait(2.4)
    connection = roads.first.attempt.open()
    roads.time.advance_before(4.9)
    connection.receive(ANSWER)
    roads.wait(3600)

    assert roads.notes.values == [connection]
    assert roads.used == (1, 0)
    assert roads.told == []
    assert roads.time.pending == ()


@pytest.mark.case(238)
def test_a_connection_is_asked_to_deliver_before_anything_else_is_said(roads):
    roads.attempts.append(
        roads.transport.connect(ENDPOINT).subscribe(
            lambda connection: connection.send("join"), scheduler=roads.time
        )
    )

    connection = roads.first.attempt.open()

    assert connection.sent == [PROBE, "join"]


def test_the_question_is_asked_in_the_serializers_words(roads):
    roads.connect(vsn="1.0.0")

    connection = roads.first.attempt.open()

    [sent] = connection.sent
    assert sent == (
        '{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"fallback"}'
    )


def test_any_message_proves_a_connection(roads):
    roads.connect()
    roads.first.attempt.open().receive('[null,null,"room:1","shout",{}]')
    roads.wait(10)

    assert roads.used == (1, 0)
    assert roads.notes.is_open


def test_frames_are_heard_from_the_announcing_call_on(roads):
    frames = []
    roads.attempts.append(
        roads.transport.connect(ENDPOINT).subscribe(
            lambda connection: connection.batches.subscribe(frames.extend),
            scheduler=roads.time,
        )
    )

    roads.first.attempt.open().receive(ANSWER)

    assert frames == [ANSWER]


@pytest.mark.case(241)
def test_the_loss_of_a_connection_that_was_useful_is_no_reason_to_fall_back(roads):
    roads.connect()
    connection = roads.first.attempt.open()
    connection.receive(ANSWER)
    connection.lose("cut")
    roads.connect()

    assert roads.used == (2, 0)
    assert roads.told == []
    roads.first.attempt.fail(BLOCKED)
    assert roads.used == (2, 1)


def test_our_own_close_is_no_reason_to_fall_back(roads):
    roads.connect()
    roads.first.attempt.open().close()
    roads.wait(10)

    assert roads.notes.completions == 1
    assert roads.told == []
    assert roads.time.pending == ()


# It does not.


@pytest.mark.case(235)
def test_an_error_falls_back_in_the_same_attempt(roads):
    connection = roads.fall_back()

    assert roads.notes.values == [connection]
    assert roads.notes.is_open
    assert roads.told == [FellBack(BLOCKED)]


@pytest.mark.case(237)
def test_silence_falls_back_when_the_time_is_up(roads):
    roads.connect()
    roads.time.advance_before(2.5)
    assert roads.used == (1, 0)

    roads.wait(0)

    assert roads.used == (1, 1)
    assert roads.first.attempt.is_disposed
    [event] = roads.told
    assert isinstance(event.error, ConnectError)
    assert str(event.error) == "no connection to ws://localhost/socket within 2.5 s"


def test_the_time_is_an_argument():
    roads = Roads(after=1)
    roads.connect()

    roads.wait(1)

    assert roads.used == (1, 1)
    roads.attempts[0].dispose()


def test_the_other_gets_what_is_left_of_the_attempts_time(roads):
    roads.connect(timeout=15.0)
    roads.wait(1)
    roads.first.attempt.fail(BLOCKED)

    assert roads.then.attempt.endpoint.timeout == 14.0


def test_an_attempt_that_is_shorter_than_its_time_is_shared_by_both(roads):
    roads.connect(timeout=2.0)
    roads.wait(0.9)
    before = roads.used
    roads.wait(0.2)

    assert (before, roads.used) == ((1, 0), (1, 1))
    assert roads.first.attempt.endpoint.timeout == 1.0
    assert roads.then.attempt.endpoint.timeout == 1.0


def test_an_other_that_raises_only_later_is_a_failure_of_the_attempt(
    roads, monkeypatch
):
    connect, calls = roads.then.connect, []

    def connect_once(endpoint):
        calls.append(endpoint)
        if len(calls) > 1:
            raise OSError("no more")
        return connect(endpoint)

    monkeypatch.setattr(roads.then, "connect", connect_once)
    roads.connect()
    roads.first.attempt.fail(BLOCKED)

    assert [str(error) for error in roads.notes.errors] == ["no more"]


@pytest.mark.case(239)
def test_a_connection_that_never_delivers_is_lost_and_the_next_one_is_another(roads):
    roads.connect()
    roads.wait(2.4)
    roads.first.attempt.open()
    roads.time.advance_before(4.9)
    assert roads.notes.is_open

    roads.wait(0)

    [error] = roads.notes.errors
    assert isinstance(error, ConnectionLost)
    assert (error.code, error.reason) == (1006, "opened, but silent for 2.5 s")
    assert roads.told == [FellBack(error)]
    assert not roads.first.connection.is_open
    roads.connect()
    assert roads.used == (1, 1)


@pytest.mark.case(242)
@pytest.mark.defect(27)
def test_a_connection_that_dies_before_it_delivers_makes_the_next_one_another(roads):
    roads.connect()
    roads.first.attempt.open().lose("killed")
    roads.connect()

    assert roads.kinds == [FellBack]
    assert roads.used == (1, 1)


def test_later_attempts_go_on_with_the_other(roads):
    roads.fall_back().lose()
    roads.connect()
    roads.then.attempt.open()

    assert roads.used == (1, 2)
    assert roads.kinds == [FellBack]


def test_an_attempt_at_which_neither_opens_fails_and_proves_nothing(roads):
    roads.connect()
    roads.first.attempt.fail(BLOCKED)
    down = ConnectError("down")
    roads.then.attempt.fail(down)

    assert roads.notes.errors == [down]
    roads.connect()
    assert roads.used == (2, 1)


def test_if_the_other_fails_later_the_first_is_tried_again(roads):
    roads.fall_back().lose()
    roads.connect()
    roads.then.attempt.fail(ConnectError("down"))

    roads.connect()

    assert roads.used == (2, 2)


def test_our_own_close_of_the_other_completes(roads):
    roads.fall_back().close()

    assert roads.notes.completions == 1
    assert roads.time.pending == ()


def test_a_first_that_raises_is_of_no_use_either(roads):
    class Broken:
        def connect(self, endpoint):
            raise BLOCKED

    notes = RecordingObserver()
    transport = FallbackTransport(Broken(), roads.then)
    roads.attempts.append(
        transport.connect(ENDPOINT).subscribe(notes, scheduler=roads.time)
    )

    assert notes.values == [roads.then.attempt.open()]


# The way back.


def test_the_first_is_tried_again_beside_the_other(roads):
    roads.fall_back()
    roads.time.advance_before(60)
    assert roads.used == (1, 1)

    roads.wait(0)

    assert roads.used == (2, 1)
    assert roads.notes.is_open


def test_the_wait_is_an_argument():
    roads = Roads(retry_after=5)
    roads.fall_back()

    roads.wait(5)

    assert roads.used == (2, 1)
    roads.attempts[0].dispose()


@pytest.mark.case(241)
@pytest.mark.defect(27)
def test_once_the_first_delivers_the_socket_is_to_come_back(roads):
    connection = roads.fall_back()
    roads.wait(60)
    trial = roads.first.attempt.open()
    assert trial.sent == [PROBE]
    assert roads.notes.is_open

    trial.receive(ANSWER)

    [error] = roads.notes.errors
    assert (error.code, error.reason) == (1001, "moving back to the better transport")
    assert roads.kinds == [FellBack, SteppedUp]
    assert not connection.is_open
    assert not trial.is_open
    assert roads.is_quiet
    roads.connect()
    assert roads.used == (3, 1)


def refuse(roads):
    roads.first.attempt.fail(BLOCKED)


def hang(roads):
    roads.wait(2.5)


def stay_silent(roads):
    roads.first.attempt.open()
    roads.wait(2.5)


def die(roads):
    roads.first.attempt.open().lose()


@pytest.mark.parametrize("fail", [refuse, hang, stay_silent, die])
def test_a_trial_that_fails_is_repeated_later_and_disturbs_nobody(roads, fail):
    roads.fall_back()
    roads.wait(60)
    fail(roads)
    roads.time.advance_before(roads.time.clock + 60)
    assert roads.used == (2, 1)

    roads.wait(0)

    assert roads.used == (3, 1)
    assert roads.notes.is_open
    assert roads.kinds == [FellBack]


def test_the_wait_goes_on_across_connections_of_the_other(roads):
    roads.fall_back()
    roads.wait(40)
    roads.then.connection.lose()
    roads.wait(1)
    roads.connect()
    roads.then.attempt.open()
    roads.time.advance_before(60)
    assert roads.used == (1, 2)

    roads.wait(0)

    assert roads.used == (2, 2)


def test_a_wait_that_is_long_over_ends_with_the_next_connection(roads):
    roads.fall_back().lose()
    roads.wait(3600)
    roads.connect()
    roads.then.attempt.open()

    roads.wait(0)

    assert roads.used == (2, 2)


def test_the_loss_of_the_other_ends_the_trial_beside_it(roads):
    connection = roads.fall_back()
    roads.wait(60)

    connection.lose()

    assert roads.first.attempt.is_disposed
    assert roads.is_quiet


# Abandoned.

MOMENTS = {
    "the first is dialled": lambda roads: roads.connect(),
    "the first is open": lambda roads: (roads.connect(), roads.first.attempt.open()),
    "the first delivered": lambda roads: (
        roads.connect(),
        roads.first.attempt.open().receive(ANSWER),
    ),
    "the other is dialled": lambda roads: (roads.connect(), refuse(roads)),
    "the other is open": lambda roads: roads.fall_back(),
    "the trial is dialled": lambda roads: (roads.fall_back(), roads.wait(60)),
    "the trial is open": lambda roads: (
        roads.fall_back(),
        roads.wait(60),
        roads.first.attempt.open(),
    ),
    "the trial failed": lambda roads: (
        roads.fall_back(),
        roads.wait(60),
        refuse(roads),
    ),
}


@pytest.mark.parametrize("reach", MOMENTS.values(), ids=MOMENTS)
def test_whenever_it_is_abandoned_nothing_is_left_and_nothing_more_is_told(
    roads, reach
):
    reach(roads)
    told, values = [*roads.told], [*roads.notes.values]

    roads.attempts[-1].dispose()

    assert roads.is_quiet
    roads.wait(3600)
    assert roads.told == told
    assert roads.notes == RecordingObserver(values)


def test_it_may_be_abandoned_while_it_announces_a_connection(roads):
    def abandon(connection):
        roads.attempts[-1].dispose()

    roads.attempts.append(
        roads.transport.connect(ENDPOINT).subscribe(abandon, scheduler=roads.time)
    )
    roads.first.attempt.open()

    assert roads.is_quiet


def test_it_may_be_abandoned_while_it_says_that_it_fell_back(roads):
    roads.transport.lifecycle.subscribe(lambda _: roads.attempts[-1].dispose())
    roads.connect()

    roads.first.attempt.fail(BLOCKED)

    assert roads.is_quiet


ACTS = {
    "first opens": lambda roads: roads.first.attempt.open(),
    "first fails": lambda roads: roads.first.attempt.fail(BLOCKED),
    "first delivers": lambda roads: roads.first.connection.receive(ANSWER),
    "first dies": lambda roads: roads.first.connection.lose(),
    "then opens": lambda roads: roads.then.attempt.open(),
    "then fails": lambda roads: roads.then.attempt.fail(BLOCKED),
    "then dies": lambda roads: roads.then.connection.lose(),
    "a while": lambda roads: roads.wait(2.5),
    "long": lambda roads: roads.wait(60),
}


@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=30))
def test_whatever_happens_one_attempt_is_alive_and_at_last_nothing_is(acts):
    roads = Roads()
    with roads.time.loop.running():
        roads.connect()
        for act in acts:
            try:
                ACTS[act](roads)
            except UsageError:  # it cannot happen now
                continue
            assert len(roads.notes.values) <= 1
            if not roads.notes.is_open:
                assert roads.is_quiet
                roads.connect()
        roads.attempts[-1].dispose()

    assert roads.is_quiet


# What it says of mistakes.


def test_a_transport_that_cannot_be_used_so_is_a_mistake_at_once():
    transport = FallbackTransport(FakeTransport(), LongPollTransport())

    with pytest.raises(UsageError, match="use SerializerV2"):
        transport.connect(Endpoint(url="ws://localhost/socket", vsn="1.0.0"))


def test_it_needs_a_loop_to_wait_in(roads):
    notes = RecordingObserver()

    FallbackTransport(FakeTransport(), FakeTransport()).connect(ENDPOINT).subscribe(
        notes
    )

    assert isinstance(notes.errors[0], UsageError)


async def test_without_a_scheduler_it_takes_the_running_loop():
    first = FakeTransport()
    transport = FallbackTransport(first, FakeTransport())

    transport.connect(ENDPOINT).subscribe().dispose()

    assert first.attempt.is_disposed


def test_a_listener_of_its_own_that_raises_is_logged(roads, caplog):
    roads.transport.lifecycle.subscribe(lambda _: 1 / 0)

    roads.fall_back()

    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message == "unhandled: division by zero"
    assert roads.notes.is_open


# In a socket.


@pytest.fixture
def socket(roads):
    socket = Socket(
        "ws://localhost/socket",
        transport=roads.transport,
        scheduler=roads.time,
        heartbeat=None,
        reconnect=Reconnect(Backoff.steps(1)),
    )
    yield socket
    socket.aclose()
    roads.wait(2)


@pytest.mark.case(241)
@pytest.mark.defect(27)
def test_a_socket_tells_of_it_on_its_lifecycle(roads, socket):
    events = []
    socket.lifecycle.subscribe(events.append)
    socket.connect()

    roads.first.attempt.fail(BLOCKED)
    roads.then.attempt.open()
    roads.wait(60)
    roads.first.attempt.open().receive(ANSWER)
    roads.wait(1)
    roads.first.attempt.open()

    assert [type(event) for event in events] == [
        *(FellBack, Opened),
        *(SteppedUp, Closed, Retrying),
        Opened,
    ]


def test_channels_come_back_when_it_moves_back(roads, socket):
    def answer(connection):
        join = connection.messages[-1]
        ref = join.ref
        reply = (
            f'["{ref}","{ref}","room:1","phx_reply",{{"status":"ok","response":{{}}}}]'
        )
        connection.receive(reply)

    channel = socket.channel("room:1")
    socket.connect()
    channel.join()
    roads.first.attempt.fail(BLOCKED)
    answer(roads.then.attempt.open())
    assert channel.state == "joined"

    roads.wait(60)
    roads.first.attempt.open().receive(ANSWER)
    assert channel.state == "errored"
    roads.wait(1)
    answer(roads.first.attempt.open())

    assert channel.state == "joined"


def test_a_disconnect_during_the_move_leaves_nothing_behind(roads, socket):
    problems = []
    socket.unhandled.subscribe(problems.append)
    channel = socket.channel("room:1")
    socket.connect()
    channel.join()
    roads.first.attempt.fail(BLOCKED)
    peer = roads.then.attempt.open()
    peer.receive('["1","1","room:1","phx_reply",{"status":"ok","response":{}}]')
    roads.wait(59)
    push = channel.push("ask", {})
    roads.wait(1)
    roads.first.attempt.open().receive(ANSWER)

    socket.disconnect()

    assert push.is_settled
    assert problems == []


def test_the_wrong_serializer_is_final(roads):
    socket = Socket(
        "ws://localhost/socket",
        transport=FallbackTransport(FakeTransport(), LongPollTransport()),
        serializer=SerializerV1(),
        scheduler=roads.time,
    )
    events = []
    socket.lifecycle.subscribe(events.append)

    with pytest.raises(UsageError, match="use SerializerV2"):
        roads.time.loop.run_until_complete(socket.connect())

    assert [type(event) for event in events] == [AttemptFailed, GaveUp]


# What only a socket has: credentials, and a memory.

NO_LONG_POLL = ConnectError("no long polls", status=404)
FORBIDDEN = ConnectError("forbidden", status=403)


@pytest.mark.parametrize(
    ("first", "then", "reported"),
    [
        (BLOCKED, NO_LONG_POLL, BLOCKED),
        (BLOCKED, FORBIDDEN, BLOCKED),
        (NO_LONG_POLL, BLOCKED, BLOCKED),
        (NO_LONG_POLL, FORBIDDEN, FORBIDDEN),
    ],
)
def test_a_refusal_by_one_is_not_final_while_the_other_may_heal(
    roads, first, then, reported
):
    roads.connect()
    roads.first.attempt.fail(first)
    roads.then.attempt.fail(then)

    [error] = roads.notes.errors
    assert str(error) == str(reported)


def test_a_refusal_by_the_other_later_is_not_final_either(roads):
    roads.fall_back().lose()
    roads.connect()
    roads.then.attempt.fail(NO_LONG_POLL)

    assert roads.notes.errors == [BLOCKED]


@pytest.fixture
def open_socket(roads):
    sockets = []

    def open_socket(**options):
        socket = Socket(
            "ws://localhost/socket",
            transport=FallbackTransport(roads.first, roads.then),
            scheduler=roads.time,
            heartbeat=None,
            **options,
        )
        sockets.append(socket)
        socket.connect()
        roads.first.attempt.fail(BLOCKED)
        return socket, roads.then.attempt.open()

    yield open_socket
    for socket in sockets:
        socket.aclose()
        roads.wait(3)


def test_a_trial_asks_the_providers_again(roads, open_socket):
    tokens = iter("ABC")
    open_socket(params=lambda: {"token": next(tokens)})
    roads.wait(60)

    asked = [attempt.endpoint.params["token"] for attempt in roads.first.attempts]
    assert asked == ["A", "B"]


def test_a_provider_that_fails_or_hangs_is_a_trial_that_failed(roads, open_socket):
    answers = iter([{}, ValueError("no token"), UsageError("odd"), 7, {}])

    def params():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    socket, poll = open_socket(params=params)
    roads.wait(60)
    roads.wait(60)
    roads.wait(60)
    assert roads.used == (1, 1)
    roads.wait(60)

    assert roads.used == (2, 1)
    assert (socket.state, poll.is_open) == ("open", True)


def test_two_sockets_that_share_it_have_a_memory_each(roads):
    pair = FallbackTransport(roads.first, roads.then)
    sockets = [
        Socket(f"ws://{name}.test/socket", transport=pair, scheduler=roads.time)
        for name in "ab"
    ]
    told = [[], []]
    for socket, events in zip(sockets, told, strict=True):
        socket.lifecycle.subscribe(events.append)
    a, b = sockets
    a.connect()
    roads.first.attempt.fail(OSError("blocked"))
    roads.then.attempt.open()
    b.connect()

    assert [type(event) for event in told[0]] == [FellBack, Opened]
    assert told[1] == []
    assert roads.used == (2, 1)
    assert roads.first.attempt.endpoint.url == "ws://b.test/socket"
    for socket in sockets:
        socket.aclose()
    roads.wait(3)


def joined(socket, poll):
    channel = socket.channel("room:1")
    channel.join()
    join = poll.messages[-1]
    poll.receive(
        Message(
            join.ref, join.ref, "room:1", "phx_reply", {"status": "ok", "response": {}}
        )
    )
    return channel


def answer(poll, sent):
    poll.receive(
        Message(
            sent.join_ref,
            sent.ref,
            sent.topic,
            "phx_reply",
            {"status": "ok", "response": {}},
        )
    )


def test_the_move_back_awaits_answers_and_leaves_first(roads, open_socket):
    socket, poll = open_socket()
    channel = joined(socket, poll)
    roads.wait(60)
    before = channel.push("before")
    sent = poll.messages[-1]
    roads.first.attempt.open().receive(ANSWER)
    roads.wait(1)
    meanwhile = channel.push("meanwhile")
    assert poll.is_open
    assert [message.event for message in poll.messages] == ["phx_join", "before"]

    answer(poll, sent)
    assert (before.status, meanwhile.status) == ("ok", None)
    assert [message.event for message in poll.messages][2:] == ["phx_leave"]
    assert not poll.is_open

    roads.wait(1)
    new = roads.first.attempt.open()
    join = new.messages[-1]
    answer(new, join)
    roads.wait(1)
    assert [message.event for message in new.messages] == [
        "heartbeat",
        "phx_join",
        "meanwhile",
    ]


def test_the_move_back_awaits_answers_for_2_s(roads, open_socket):
    socket, poll = open_socket()
    channel = joined(socket, poll)
    roads.wait(60)
    push = channel.push("unanswered")
    roads.first.attempt.open().receive(ANSWER)
    roads.wait(1.9)
    assert poll.is_open
    roads.wait(0.1)

    assert not poll.is_open
    assert push.status == "lost"
    assert poll.messages[-1].event == "phx_leave"


def test_leaves_that_are_not_written_yet_are_awaited_for_1_s(roads, open_socket):
    socket, poll = open_socket()
    joined(socket, poll)
    roads.wait(60)
    poll.buffered = 1
    poll.close = lambda *_: None
    roads.first.attempt.open().receive(ANSWER)
    roads.wait(0.9)
    assert poll.is_open
    roads.wait(0.1)

    assert not poll.is_open


def test_what_a_server_answers_to_the_leaves_closes_no_channel(roads, open_socket):
    socket, poll = open_socket()
    channel = joined(socket, poll)
    states = []
    lease = channel.joined.subscribe(on_completed=lambda: states.append("completed"))
    roads.wait(60)
    poll.buffered = 1
    poll.close = lambda *_: None
    roads.first.attempt.open().receive(ANSWER)
    roads.wait(0.5)
    leave = poll.messages[-1]
    answer(poll, leave)
    ref = leave.join_ref
    poll.receive(Message(ref, ref, "room:1", "phx_close", {}))
    roads.wait(2)
    answer(new := roads.first.attempt.open(), new.messages[-1])

    assert leave.event == "phx_leave"
    assert (channel.state, states) == ("joined", [])
    lease.dispose()


def test_a_channel_that_is_left_during_the_move_is_left_there(roads, open_socket):
    socket, poll = open_socket()
    channel = joined(socket, poll)
    roads.wait(60)
    channel.push("unanswered")
    roads.first.attempt.open().receive(ANSWER)
    channel.leave()
    roads.wait(2)

    assert [message.event for message in poll.messages][-1] == "phx_leave"
    assert channel.state == "closed"


def test_the_other_may_die_during_the_move(roads, open_socket):
    socket, poll = open_socket()
    channel = joined(socket, poll)
    roads.wait(60)
    channel.push("unanswered")
    roads.first.attempt.open().receive(ANSWER)
    poll.lose()
    roads.wait(1)

    assert roads.used == (3, 1)


def test_a_socket_may_be_closed_during_the_move(roads, open_socket):
    socket, poll = open_socket()
    channel = joined(socket, poll)
    roads.wait(60)
    channel.push("unanswered")
    roads.first.attempt.open().receive(ANSWER)
    socket.disconnect()
    roads.wait(3)

    assert roads.used == (2, 1)
    assert socket.state == "closed"
