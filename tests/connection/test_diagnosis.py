"""Why a socket is, or is not, connected: sentence by sentence."""

from types import SimpleNamespace

import pytest

from rx_phoenix._connection.diagnosis import Diagnosis, describe
from rx_phoenix._connection.linger import Linger
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    HeartbeatAnswered,
    HeartbeatMissed,
    Opened,
    Retrying,
    SteppedUp,
)
from rx_phoenix._protocol.names import SocketState
from rx_phoenix._streams.state import State
from rx_phoenix.errors import ConnectError, ProtocolError
from rx_phoenix.testing._time.scheduler import VirtualScheduler

URL = "wss://example.org/socket"


class Link:
    """All of a connection that a diagnosis looks at."""

    def __init__(self, scheduler):
        self.scheduler = scheduler
        self.state = State(SocketState.CLOSED, pytest.fail)
        self.next_attempt = None
        self.linger = Linger(0.0, lambda: scheduler, lambda: None)
        self.witness = None
        self.router = SimpleNamespace(registry=[])


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def link(time):
    return Link(time)


@pytest.fixture
def diagnosis(link):
    return Diagnosis(URL, link)


# An event in a sentence.


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Opened(), "The connection opened."),
        (Retrying(3, 1.25), "Retry 3 was due 1.2 s later."),
        (HeartbeatAnswered(0.0123), "A heartbeat was answered after 12 ms."),
        (
            HeartbeatMissed(),
            "The server did not answer a heartbeat, so it was given up.",
        ),
        (SteppedUp(), "The better transport works again, and is used."),
        (
            FellBack(ConnectError("no upgrade")),
            "Fell back to the other transport: no upgrade.",
        ),
        (
            GaveUp(ConnectError("it is full")),
            "Gave up: it is full. Call connect() to start afresh.",
        ),
        (
            AttemptFailed(OSError("no route"), 2),
            "Attempt 2 failed: no route.",
        ),
        (
            ProtocolError("a frame of 3 characters is no message"),
            "A frame was dropped: a frame of 3 characters is no message.",
        ),
    ],
)
def test_an_event_is_a_sentence(event, sentence):
    assert describe(event) == sentence


@pytest.mark.parametrize(
    ("closed", "sentence"),
    [
        (
            Closed(1000, "", clean=True, ours=True),
            "We closed the connection with code 1000.",
        ),
        (
            Closed(4000, "bye", clean=True, ours=True),
            "We closed the connection with code 4000 (bye).",
        ),
        (
            Closed(1006, "", clean=False),
            "The connection broke without a close frame.",
        ),
        (
            Closed(1006, "reset", clean=False),
            "The connection broke without a close frame (reset).",
        ),
        (
            Closed(4000, "", clean=True),
            "The server closed the connection with code 4000.",
        ),
        (
            Closed(4000, "bye", clean=True),
            "The server closed the connection with code 4000 (bye).",
        ),
        (
            Closed(1012, "bye", clean=True),
            "The server closed the connection with code 1012 (bye).",
        ),
    ],
)
def test_an_end_says_whose_it_was_its_code_and_its_reason(closed, sentence):
    assert describe(closed) == sentence


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (1000, "normal; servers also say so when a socket is idle"),
        (1001, "it went away, and expects you back"),
        (1002, "a protocol error; servers also say so when a socket is idle"),
        (1008, "a policy forbids it"),
        (1009, "a message was too large"),
        (1011, "it could not read a message"),
        (1012, "it restarts"),
        (1013, "it is overloaded"),
    ],
)
def test_an_end_without_a_reason_says_what_its_code_means(code, meaning):
    assert describe(Closed(code, "", clean=True)) == (
        f"The server closed the connection with code {code} ({meaning})."
    )


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (None, ""),
        (401, " The server refused the credentials: check the token."),
        (
            403,
            " The server refused: check the token, params, Origin and vsn.",
        ),
        (
            404,
            " No socket is at this path: try /socket, without /websocket.",
        ),
        (429, " The server limits connections: wait a while."),
        (500, " The server failed: check its log."),
        (418, ""),
    ],
)
def test_a_failure_comes_with_advice(status, advice):
    event = AttemptFailed(ConnectError("refused", status=status), 1)

    assert describe(event) == f"Attempt 1 failed: refused.{advice}"


# The whole story.


def test_it_makes_itself_the_witness_of_its_connection(link, diagnosis):
    link.observer(Opened())

    assert "The connection opened." in diagnosis.text()


def test_before_anything_happened_it_says_how_to_begin(diagnosis):
    assert diagnosis.text() == (
        f"{URL} is closed, and no attempt is due. Nothing has happened yet: call "
        "connect()."
    )


@pytest.mark.parametrize("state", sorted(set(SocketState) - {SocketState.CLOSED}))
def test_it_names_the_state(link, diagnosis, state):
    link.state.on_next(state)
    diagnosis.note(Opened())

    assert diagnosis.text().splitlines()[0] == f"{URL} is {state}."


def test_where_an_attempt_is_due_it_says_when(link, diagnosis, time):
    time.advance_by(10)
    link.next_attempt = 14.25
    diagnosis.note(Opened())
    first = diagnosis.text().splitlines()[0]

    assert first == f"{URL} is closed; the next attempt is due in 4.2 s."


def test_an_attempt_that_is_overdue_is_due_now(link, diagnosis, time):
    link.next_attempt = 1.0
    time.advance_by(10)
    diagnosis.note(Opened())

    assert "the next attempt is due in 0.0 s" in diagnosis.text()


def test_an_open_connection_has_no_outlook(link, diagnosis):
    link.next_attempt = 1.0
    link.state.on_next(SocketState.OPEN)
    diagnosis.note(Opened())

    assert "due" not in diagnosis.text()


def test_it_tells_what_happened_and_when_the_newest_last(diagnosis, time):
    diagnosis.note(Opened())
    time.advance_by(90)
    diagnosis.note(Closed(1012, "bye", clean=True))
    time.advance_by(2.5)

    assert diagnosis.text().splitlines() == [
        f"{URL} is closed, and no attempt is due.",
        "    92.5 s ago: The connection opened.",
        "     2.5 s ago: The server closed the connection with code 1012 (bye).",
    ]


def test_it_remembers_the_last_20_events(diagnosis):
    for number in range(1, 31):
        diagnosis.note(Retrying(number, 1.0))
    lines = diagnosis.text().splitlines()[1:]

    assert len(lines) == 20
    assert "Retry 11 " in lines[0]
    assert "Retry 30 " in lines[-1]


def test_heartbeats_that_were_answered_hide_no_earlier_events(diagnosis, caplog):
    caplog.set_level("DEBUG", "rx_phoenix")
    diagnosis.note(Opened())
    for _ in range(100):
        diagnosis.note(HeartbeatAnswered(0.01))

    assert len(diagnosis.text().splitlines()) == 2
    assert [record.levelname for record in caplog.records[1:]] == ["DEBUG"] * 100


def test_frames_dropped_one_after_another_are_one_event(diagnosis, caplog):
    caplog.set_level("INFO", "rx_phoenix")
    diagnosis.note(Opened())
    for number in range(100):
        diagnosis.note(ProtocolError(f"frame {number} is no message"))
    diagnosis.note(HeartbeatMissed())
    diagnosis.note(ProtocolError("another is none either"))

    assert [
        line.partition("ago: ")[2] for line in diagnosis.text().splitlines()[1:]
    ] == [
        "The connection opened.",
        "100 frames were dropped, the last of them: frame 99 is no message.",
        "The server did not answer a heartbeat, so it was given up.",
        "A frame was dropped: another is none either.",
    ]
    assert len(caplog.records) == 4
