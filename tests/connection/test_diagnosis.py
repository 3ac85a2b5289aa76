"""Why a socket is, or is not, connected: sentence by sentence."""

from types import SimpleNamespace

import pytest

from rx_phoenix._connection.demand import ConnectionDemand
from rx_phoenix._connection.diagnosis import Diagnosis
from rx_phoenix._connection.linger import Linger
from rx_phoenix._protocol.lifecycle import (
    Closed,
    HeartbeatAnswered,
    HeartbeatMissed,
    Opened,
    Retrying,
)
from rx_phoenix._protocol.names import SocketState
from rx_phoenix._streams.state import State
from rx_phoenix.errors import ProtocolError
from rx_phoenix.testing._time.scheduler import VirtualScheduler

URL = "wss://example.org/socket"


class Link:
    """All of a connection that a diagnosis looks at."""

    def __init__(self, scheduler):
        self.scheduler = scheduler
        self.state = State(SocketState.CLOSED, pytest.fail)
        self.next_attempt = None
        self.linger = Linger(0.0, lambda: scheduler, lambda: None)
        self.demand = ConnectionDemand(pytest.fail)
        self.router = SimpleNamespace(registry=[])
        self.witness = None
        self.pause = None
        self.router = SimpleNamespace(
            registry=[], backpressure=SimpleNamespace(describe=lambda: self.pause)
        )


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


# The whole story.


def test_it_makes_itself_the_witness_of_its_connection(link, diagnosis):
    link.observer(Opened())

    assert "The connection opened." in diagnosis.text()


def test_before_anything_happened_it_says_how_to_begin(diagnosis):
    assert diagnosis.text() == (
        f"{URL} is closed; there is no demand for a connection: call connect(), join a "
        "channel, or subscribe to `connection`, `joined` or `stream`.\n"
        "Nothing has happened yet."
    )


@pytest.mark.parametrize(
    ("call", "outlook"),
    [
        ("connect", ", and no attempt is due"),
        ("pause", "; disconnect() paused it: call connect()"),
        ("refuse", "; it was ended by aclose()"),
    ],
)
def test_where_no_attempt_is_due_it_says_why(link, diagnosis, call, outlook):
    link.demand.add("holder")
    if call != "connect":
        getattr(link.demand, call)()

    assert diagnosis.text().startswith(f"{URL} is closed{outlook}.")


@pytest.mark.parametrize(
    ("count", "others"), [(11, []), (13, ["2 more channels are not joined."])]
)
def test_it_lists_ten_channels_that_are_wanted_and_not_joined(
    link, diagnosis, count, others
):
    link.router.registry = [
        SimpleNamespace(topic=f"room:{n}", problem=None if n == 0 else f"reason {n}")
        for n in range(count)
    ]
    lines = diagnosis.text().splitlines()[2:]

    assert lines[0] == "'room:1' is not joined: reason 1."
    assert lines[9] == "'room:10' is not joined: reason 10."
    assert lines[10:] == others


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
        diagnosis.text().splitlines()[0],
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


def test_it_tells_that_nothing_is_read_and_for_whom(link, diagnosis):
    link.pause = "Nothing was read for 42.0 s: values() is slower than its stream."

    assert link.pause in diagnosis.text()
