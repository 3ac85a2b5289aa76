from asyncio import sleep

import pytest

from rx_phoenix._streams.provider import ask
from rx_phoenix.testing._time.scheduler import VirtualScheduler


class Boom(Exception):
    pass


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def ask_all(time, log):
    """Ask some providers, and write down what comes of it."""

    def ask_them(*providers):
        return ask(
            providers, time.spawn, log.append, lambda error: log.append(repr(error))
        )

    return ask_them


def later(value, seconds=1):
    async def provide():
        await sleep(seconds)
        return value

    return provide


def failing(function=False):
    async def provide():
        raise Boom("late")

    def raise_at_once():
        raise Boom("at once")

    return raise_at_once if function else provide


def test_plain_values_and_functions_answer_within_the_call(ask_all, log):
    ask_all(None, {"a": 1}, lambda: "token")

    assert log == [[None, {"a": 1}, "token"]]


def test_nobody_to_ask_is_answered_too(ask_all, log):
    ask_all()

    assert log == [[]]


def test_all_answers_come_together_and_in_their_order(ask_all, log, time):
    ask_all(later("slow", 3), "plain", later("quick", 1))
    time.advance_by(2)
    before = list(log)
    time.advance_by(2)

    assert before == []
    assert log == [["slow", "plain", "quick"]]


def test_a_function_may_return_something_to_await(ask_all, log, time):
    def provide():
        return later("token")()

    ask_all(provide)
    time.advance_by(1)

    assert log == [["token"]]


def test_everyone_is_asked_anew_each_time(ask_all, log):
    asked = []

    def count():
        asked.append(1)
        return len(asked)

    ask_all(count)
    ask_all(count)

    assert log == [[1], [2]]


@pytest.mark.parametrize(
    ("provider", "error"),
    [
        (failing(function=True), "Boom('at once')"),
        (failing(), "Boom('late')"),
    ],
)
def test_the_first_exception_comes_instead(ask_all, log, time, provider, error):
    ask_all("fine", provider)
    time.advance_by(0)

    assert log == [error]


def test_nobody_behind_one_that_raises_is_left_unawaited(ask_all, log, time):
    ask_all(failing(), later("never asked for"))
    time.advance_by(2)

    assert log == ["Boom('late')"]


def test_nobody_before_one_that_raises_is_left_unawaited(ask_all, log, time):
    ask_all(later("never asked for"), failing(function=True))
    time.advance_by(2)

    assert log == ["Boom('at once')"]


def test_disposing_stops_the_asking(ask_all, log, time):
    ask_all(later("too late")).dispose()
    time.advance_by(2)

    assert log == []


def test_disposing_after_the_answers_changes_nothing(ask_all, log):
    ask_all("value").dispose()

    assert log == [["value"]]
