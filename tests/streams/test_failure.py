import asyncio
import traceback

import pytest

from rx_phoenix._streams.failure import contained, fresh
from rx_phoenix.errors import ConnectionLost, PushRefused, PushTimeout


class Demanding(Exception):
    """Cannot be made from its arguments."""

    def __init__(self, *, code):
        super().__init__(f"code {code}")
        self.code = code


class Unmakeable(Exception):
    """Cannot be made at all, but by itself."""

    def __new__(cls, key):
        if key != "secret":
            raise TypeError
        return super().__new__(cls, "made")

    def __init__(self, key):
        super().__init__("made")


def unicode_error():
    return UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


EXAMPLES = [
    ConnectionLost(1001, "bye"),
    Demanding(code=7),
    ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
    ImportError("no module", name="nope", path="/nowhere"),
    KeyboardInterrupt(),
    OSError(2, "No such file", "nope.txt"),
    PushRefused("error", {"reason": "nope"}),
    PushTimeout("no answer"),
    Unmakeable("secret"),
    ValueError("one", 2),
    unicode_error(),
]


def name_of(error):
    return type(error).__name__


@pytest.mark.parametrize("error", EXAMPLES, ids=name_of)
def test_a_fresh_error_says_the_same(error):
    again = fresh(error)

    assert again is not error
    assert type(again) is type(error)
    assert again.args == error.args
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_fresh_error_keeps_what_a_built_in_class_hides():
    assert fresh(OSError(2, "No such file", "nope.txt")).filename == "nope.txt"
    assert fresh(ImportError("no", name="nope")).name == "nope"
    assert fresh(unicode_error()).object == b"\xff"


def test_a_fresh_error_has_no_traceback():
    with pytest.raises(ConnectionLost) as raised:
        raise fresh(ConnectionLost(1001))

    assert fresh(raised.value).__traceback__ is None


def test_a_fresh_error_keeps_its_cause():
    cause = OSError("reset")
    error = ConnectionLost(1006)
    error.__cause__ = cause

    assert fresh(error).__cause__ is cause


@pytest.mark.parametrize("hides_its_context", [True, False])
def test_a_fresh_error_shows_its_context_like_the_first(hides_its_context):
    error = ConnectionLost(1006)
    error.__suppress_context__ = hides_its_context

    assert fresh(error).__suppress_context__ is hides_its_context


def test_a_note_on_a_fresh_error_stays_there():
    error = ConnectionLost(1006)
    error.add_note("while reading")

    again = fresh(error)
    again.add_note("seen by one observer")

    assert error.__notes__ == ["while reading"]
    assert again.__notes__ == ["while reading", "seen by one observer"]


def test_raising_fresh_errors_grows_no_traceback():
    error = ConnectionLost(1006)
    lengths = set()
    for _ in range(3):
        try:
            raise fresh(error)
        except ConnectionLost as raised:
            lengths.add(len(traceback.extract_tb(raised.__traceback__)))

    assert lengths == {1}


def test_an_exception_is_contained_already():
    error = ValueError("mine")

    assert contained(error) is error


class Odd(BaseException):
    """What is neither an Exception nor the end of the program."""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_the_end_of_the_program_is_not_contained(error):
    with pytest.raises(type(error)) as raised:
        contained(error)
    assert raised.value is error


@pytest.mark.parametrize("error", [asyncio.CancelledError("stop"), Odd(3)])
def test_what_is_no_exception_is_contained_as_the_cause_of_one(error):
    exception = contained(error)

    assert isinstance(exception, RuntimeError)
    assert exception.__cause__ is error
    assert repr(error) in str(exception)


@pytest.mark.parametrize("kind", [Exception, BaseException])
@pytest.mark.parametrize("method", ["__str__", "__repr__"])
def test_an_error_that_cannot_be_shown_is_replaced(kind, method):
    def fail(_):
        raise LookupError

    error = type("Mute", (kind,), {method: fail})()

    assert str(contained(error)) == "a callback ended with a Mute without words"
