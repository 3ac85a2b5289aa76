"""Providers of values: a plain value, a function, or a coroutine function."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import Any, TypeVar

from reactivex import abc
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix._streams.callbacks import Spawn, discard
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.reporter import PRESENT, CallContext

__all__ = ["Provider", "ask", "is_asked"]

T = TypeVar("T")

Provider = T | Callable[[], T | Awaitable[T]]
"""A value, a function that returns one, or a coroutine function."""


def ask(
    providers: Sequence[Provider[Any]],
    spawn: Spawn,
    on_answers: Callable[[list[Any]], None],
    on_error: Callable[[Exception], None],
    context: CallContext = PRESENT,
) -> abc.DisposableBase:
    """Get the value of each provider.

    ``on_answers`` is called within this call, unless a value must be awaited.

    Args:
        providers: The providers, called in this order.
        spawn: Awaits values.
        on_answers: Gets all values, in the same order.
        on_error: Gets the first exception instead.
        context: The context in which the functions run; the other two do not.

    Returns:
        A disposable that cancels the request.
    """
    answers = deque[Any]()
    try:
        for provider in providers:
            answers.append(context.run(provider) if callable(provider) else provider)
    except ISOLATED as error:
        _discard_all(answers)
        on_error(contained(error))
        return Disposable()
    if any(isawaitable(answer) for answer in answers):
        task = context.run(spawn, _settle(answers), on_answers, on_error)
        return CompositeDisposable(task, Disposable(lambda: _discard_all(answers)))
    on_answers(list(answers))
    return Disposable()


def is_asked(provider: object) -> bool:
    """Return True if the value of a provider is known only at each request."""
    return callable(provider) or isawaitable(provider)


async def _settle(answers: deque[Any]) -> list[Any]:
    settled: list[Any] = []
    try:
        while answers:
            answer = answers.popleft()
            settled.append(await answer if isawaitable(answer) else answer)
    finally:
        _discard_all(answers)
    return settled


def _discard_all(answers: deque[Any]) -> None:
    while answers:
        discard(answers.popleft())
