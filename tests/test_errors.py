import copy
import pickle

import pytest

from rx_phoenix import errors
from rx_phoenix.errors import (
    CallbackOverrun,
    ChannelConflict,
    ChannelCrashed,
    ConnectError,
    ConnectionLost,
    EncodeError,
    JoinRefused,
    NotJoinedError,
    PayloadError,
    ProtocolError,
    PushCancelled,
    PushError,
    PushRefused,
    PushTimeout,
    QueueOverflow,
    RxPhoenixError,
    TransportError,
    UsageError,
)

EXAMPLES = [
    CallbackOverrun("too slow", 3),
    QueueOverflow(3),
    ChannelConflict("taken"),
    ChannelCrashed("it crashed", {"reason": "channel_crash"}),
    ConnectError("no", url="wss://host/socket", status=403, body=b"why"),
    ConnectionLost(1001, "going away"),
    EncodeError("not JSON"),
    JoinRefused("error", {"reason": "unauthorized"}, "the join of 'room:1'"),
    NotJoinedError("join first"),
    PayloadError("does not fit", {"n": "x"}),
    ProtocolError("no message", b"{}"),
    PushCancelled("left"),
    PushError("failed"),
    PushRefused("error", {"reason": "nope"}),
    PushTimeout("no answer"),
    RxPhoenixError("something"),
    TransportError("down"),
    UsageError("not like this"),
]


def name_of(error):
    return type(error).__name__


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UsageError, RxPhoenixError),
        (NotJoinedError, UsageError),
        (ChannelConflict, UsageError),
        (EncodeError, UsageError),
        (ProtocolError, RxPhoenixError),
        (TransportError, RxPhoenixError),
        (ConnectError, TransportError),
        (ConnectionLost, TransportError),
        (PushError, RxPhoenixError),
        (PushRefused, PushError),
        (JoinRefused, PushRefused),
        (PushTimeout, PushError),
        (PushTimeout, TimeoutError),
        (PushCancelled, PushError),
        (ChannelCrashed, PushCancelled),
        (PayloadError, RxPhoenixError),
        (CallbackOverrun, RxPhoenixError),
        (QueueOverflow, RxPhoenixError),
    ],
)
def test_errors_form_a_tree(error, kind):
    assert issubclass(error, kind)


def test_the_examples_below_are_all_errors():
    assert {name_of(error) for error in EXAMPLES} == {*errors.__all__} - {
        "UsageWarning"
    }


@pytest.mark.parametrize("error", EXAMPLES, ids=name_of)
@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_an_error_travels_whole(error, copied):
    copied = copied(error)

    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


def test_a_refused_handshake_tells_what_the_server_said():
    headers = {"retry-after": "7"}
    error = ConnectError("no", url="wss://h/s", status=429, headers=headers, body=b"b")

    assert (error.url, error.status, error.headers, error.body) == (
        "wss://h/s",
        429,
        headers,
        b"b",
    )


def test_an_attempt_that_got_no_answer_has_no_status():
    error = ConnectError("refused")

    assert (error.url, error.status, error.headers, error.body) == ("", None, {}, b"")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConnectionLost(), "the connection was lost (code 1006)"),
        (ConnectionLost(1012), "the connection was lost (code 1012)"),
        (ConnectionLost(1001, "bye"), "the connection was lost (code 1001): bye"),
    ],
)
def test_a_lost_connection_says_its_code_and_reason(error, message):
    assert str(error) == message


@pytest.mark.parametrize(
    ("code", "clean"), [(1000, True), (1002, True), (1006, False), (4000, True)]
)
def test_a_loss_is_clean_if_there_was_a_close_frame(code, clean):
    assert ConnectionLost(code).clean is clean


def test_a_refusal_says_who_was_refused_and_why():
    error = JoinRefused("error", {"reason": "unauthorized"}, "the join of 'room:1'")

    assert str(error) == (
        "the join of 'room:1' was answered 'error': {'reason': 'unauthorized'}"
    )
    assert error.status == "error"
    assert error.response == {"reason": "unauthorized"}


def test_a_refusal_quotes_the_beginning_of_a_long_answer():
    error = PushRefused("error", "x" * 1_000_000)

    assert len(str(error)) < 300
    assert str(error).endswith("x…")
    assert len(error.response) == 1_000_000
