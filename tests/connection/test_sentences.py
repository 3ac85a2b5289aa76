"""The events of a connection in sentences."""

import pytest

from rx_phoenix._connection.sentences import announce, describe
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
from rx_phoenix.errors import ConnectError, ProtocolError

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
            "Gave up: it is full. Call connect() to start over.",
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
            " No socket is at this path: often it is /socket, without /websocket.",
        ),
        (429, " The server limits connections: wait a while."),
        (500, " The server failed: check its log."),
        (418, ""),
    ],
)
def test_a_failure_comes_with_advice(status, advice):
    event = AttemptFailed(ConnectError("refused", status=status), 1)

    assert describe(event) == f"Attempt 1 failed: refused.{advice}"


def test_advice_that_an_error_gives_itself_is_not_repeated():
    text = "refused with status 404: often it is /socket, without /websocket"
    event = AttemptFailed(ConnectError(text, status=404), 1)

    assert describe(event) == f"Attempt 1 failed: {text}."


# The same, at the moment.


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Opened(), "The connection opened."),
        (Retrying(3, 1.25), "Retry 3 is due in 1.2 s."),
        (
            HeartbeatMissed(),
            "The server does not answer a heartbeat: giving the connection up.",
        ),
        (
            FellBack(ConnectError("no upgrade")),
            "Falling back to the other transport: no upgrade.",
        ),
        (
            GaveUp(ConnectError("it is full")),
            "Giving up: it is full. Call connect() to start over.",
        ),
        (AttemptFailed(OSError("no route"), 2), "Attempt 2 failed: no route."),
        (ProtocolError("it is odd"), "A frame is dropped: it is odd."),
        (
            Closed(1000, "", clean=True, ours=True),
            "We closed the connection with code 1000.",
        ),
    ],
)
def test_an_event_of_the_moment_is_in_the_present(event, sentence):
    assert announce(event) == sentence


def test_an_opening_after_a_failure_says_how_long_it_took():
    assert announce(Opened(), 12.34) == "The connection opened after 12.3 s."
