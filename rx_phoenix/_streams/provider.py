"""Values that may have to be asked for: plain, from a function, or awaited."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import Any, TypeVar

from reactivex import abc
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix._streams.callbacks import Spawn, discard

__all__ = ["Provider", "ask"]

T = TypeVar("T")

Provider = T | Callable[[], T | Awaitable[T]]
"""A value, a function that returns one, or a coroutine function."""


def ask(
    providers: Sequence[Provider[Any]],
    spawn: Spawn,
    on_answers: Callable[[list[Any]], None],
    on_error: Callable[[Exception], None],
) -> abc.DisposableBase:
    """Ask each provider for its value, now.

    The answers come within this call, unless something has to be awaited.

    Args:
        providers: Whom to ask, in this order.
        spawn: How to await.
        on_answers: Gets all answers, in the same order.
        on_error: Gets the first exception instead.

    Returns:
        Disposing it stops the asking.
    """
    answers = deque[Any]()
    try:
        for provider in providers:
            answers.append(provider() if callable(provider) else provider)
    except Exception as error:  # noqa: BLE001 - a user's function: handed on
        _discard_all(answers)
        on_error(error)
        return Disposable()
    if any(isawaitable(answer) for answer in answers):
        task = spawn(_settle(answers), on_answers, on_error)
        return CompositeDisposable(task, Disposable(lambda: _discard_all(answers)))
    on_answers(list(answers))
    return Disposable()


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
