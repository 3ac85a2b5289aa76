"""Records of logging: their level, their fields, and who sees them by default."""

import logging
import subprocess
import sys

import pytest

from rx_phoenix import (
    AttemptFailed,
    Closed,
    ConnectError,
    FellBack,
    GaveUp,
    HeartbeatAnswered,
    HeartbeatMissed,
    Opened,
    ProtocolError,
    Retrying,
    Socket,
    SteppedUp,
)
from rx_phoenix._log import log, log_event, log_unhandled
from rx_phoenix.testing import FakeTransport, VirtualScheduler

URL = "wss://example.org/socket"
REFUSED = ConnectError("refused", status=403)


@pytest.fixture
def record_of(caplog):
    """Log an event, and look at its record."""
    caplog.set_level(logging.DEBUG)

    def record_of(event):
        log_event(event, "words", URL)
        (record,) = caplog.records
        return record

    return record_of


def fail_with(error):
    def fail(*_):
        raise error

    return fail


def fields_of(record):
    return {
        name.removeprefix("phoenix_"): value
        for name, value in vars(record).items()
        if name.startswith("phoenix_")
    }


@pytest.mark.parametrize(
    ("event", "level", "fields"),
    [
        (Opened(), "INFO", {"event": "Opened"}),
        (
            Closed(1000, "bye", clean=True, ours=True),
            "INFO",
            {"event": "Closed", "code": 1000, "reason": "bye"},
        ),
        (
            Closed(1012, "", clean=True),
            "WARNING",
            {"event": "Closed", "code": 1012, "reason": ""},
        ),
        (
            AttemptFailed(REFUSED, 2),
            "WARNING",
            {
                "event": "AttemptFailed",
                "attempt": 2,
                "error": "ConnectError",
                "status": 403,
            },
        ),
        (
            AttemptFailed(ConnectError("silence"), 1),
            "WARNING",
            {"event": "AttemptFailed", "attempt": 1, "error": "ConnectError"},
        ),
        (
            Retrying(3, 1.5),
            "INFO",
            {"event": "Retrying", "attempt": 3, "delay": 1.5},
        ),
        (
            HeartbeatAnswered(0.25),
            "DEBUG",
            {"event": "HeartbeatAnswered", "round_trip": 0.25},
        ),
        (HeartbeatMissed(), "WARNING", {"event": "HeartbeatMissed"}),
        (
            GaveUp(REFUSED),
            "WARNING",
            {"event": "GaveUp", "error": "ConnectError", "status": 403},
        ),
        (
            FellBack(TimeoutError()),
            "WARNING",
            {"event": "FellBack", "error": "TimeoutError"},
        ),
        (SteppedUp(), "INFO", {"event": "SteppedUp"}),
        (ProtocolError("odd"), "WARNING", {"event": "ProtocolError"}),
    ],
    ids=repr,
)
def test_what_happens_to_a_connection_is_logged(record_of, event, level, fields):
    record = record_of(event)

    assert record.name == "rx_phoenix.lifecycle"
    assert (record.levelname, record.getMessage()) == (level, f"{URL}: words")
    assert fields_of(record) == {"url": URL, **fields}


def test_what_nobody_handled_is_logged_with_its_exception(caplog):
    error = ValueError("odd")
    log_unhandled(error, topic="room:1")
    (record,) = caplog.records

    assert (record.name, record.levelname) == ("rx_phoenix", "ERROR")
    assert record.getMessage() == "unhandled in 'room:1': odd"
    assert record.exc_info[1] is error
    assert fields_of(record) == {"error": "ValueError", "topic": "room:1"}


@pytest.mark.parametrize("error", [StopIteration(), ValueError(" ")])
def test_an_exception_without_text_is_logged_by_its_type_and_the_topic(caplog, error):
    transport, clock = FakeTransport(), VirtualScheduler()
    socket = Socket(URL, transport=transport, scheduler=clock, heartbeat=None)
    room = socket.channel("room:1")
    room.on_error(fail_with(error))

    room.join()
    clock.advance_by(0)
    transport.attempt.open().lose()
    clock.advance_by(0)

    record = next(it for it in caplog.records if it.levelname == "ERROR")
    assert record.getMessage() == f"unhandled in 'room:1': {type(error).__name__}"
    assert fields_of(record)["url"] == URL


def test_a_field_is_free_to_have_any_name(caplog):
    log_unhandled(ValueError(), name="jo")

    assert fields_of(caplog.records[0])["name"] == "jo"


def test_the_life_of_a_socket_is_logged_in_words(phx, caplog):
    caplog.set_level(logging.INFO)
    phx.socket.connect()
    phx.run("-f 1s o-")

    assert [record.getMessage() for record in caplog.records] == [
        "ws://phx.test/socket: Attempt 1 failed: refused.",
        "ws://phx.test/socket: Retry 1 is due in 0.2 s.",
        "ws://phx.test/socket: The connection opened after 1.2 s.",
    ]


UNCONFIGURED = f"""
from rx_phoenix._log import log_event, log_unhandled
from rx_phoenix import HeartbeatMissed, Opened
log_event(HeartbeatMissed(), "missed", {URL!r})
log_event(Opened(), "information", {URL!r})
log_unhandled(ValueError("seen"))
"""


def test_words_that_name_the_url_do_not_get_it_twice(caplog):
    log_event(GaveUp(REFUSED), f"Giving up {URL}", URL)

    assert caplog.records[0].getMessage() == f"Giving up {URL}"


def test_a_failure_that_is_no_news_and_an_opening_that_took_long_are_information(
    caplog,
):
    caplog.set_level(logging.INFO)
    log_event(AttemptFailed(REFUSED, 2), "again", URL, is_news=False)
    log_event(Opened(), "at last", URL, took=2.5)

    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    assert fields_of(caplog.records[1])["took"] == 2.5


def test_without_a_set_up_warnings_and_errors_are_seen():
    command = [sys.executable, "-c", UNCONFIGURED]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    assert done.stderr.splitlines() == [
        f"{URL}: missed",
        "unhandled: seen",
        "ValueError: seen",
    ]
    assert done.stdout == ""


def test_there_is_one_logger_above_all_of_ours(caplog):
    lifecycle = logging.getLogger("rx_phoenix.lifecycle")

    assert (log.name, lifecycle.parent) == ("rx_phoenix", log)
