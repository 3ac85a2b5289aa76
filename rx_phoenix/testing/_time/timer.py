"""Pending calls of a virtual loop, and their names for messages."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from functools import partial
from inspect import getclosurevars, iscoroutine
from pathlib import Path
from types import FunctionType
from typing import Any, cast

from rx_phoenix.testing._leaks.call_site import CallSite, Place

__all__ = ["VirtualTimer", "describe_wait", "name_of", "waiting_at"]

ASYNCIO = str(Path(asyncio.__file__).parent)


class VirtualTimer(asyncio.TimerHandle):
    """A pending call of a `VirtualLoop`.

    Attributes:
        call_site: The site that armed it.
    """

    __slots__ = ("call_site",)

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        super().__init__(when, callback, args, loop, context)
        self.call_site: CallSite = CallSite.here()

    def run(self) -> None:
        """Run the call; exceptions go to the loop's exception handler."""
        self._run()

    def __str__(self) -> str:
        return f"{name_of(self._callback)} at {self.when():g} s, armed {self.call_site}"


def name_of(function: object) -> str:
    """Return a readable name of a callback.

    >>> name_of(print)
    'print'
    """
    owner = getattr(function, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = _innermost(cast("asyncio.Task[Any]", owner))
        return f"{coroutine.__qualname__} (a task)"
    if isinstance(function, partial):
        return name_of(function.func)
    if isinstance(function, FunctionType):
        # A scheduler's closure is named after its action.
        action = getclosurevars(function).nonlocals.get("action")
        return function.__qualname__ if action is None else name_of(action)
    return getattr(function, "__qualname__", None) or repr(function)


def describe_wait(waiting: asyncio.Future[Any], awaitable: object) -> str:
    """Name an awaitable, with the line that it has reached or that awaits it."""
    is_coroutine = iscoroutine(awaitable) or awaitable is waiting
    if is_coroutine and isinstance(waiting, asyncio.Task):
        coroutine = cast("Any", waiting.get_coro())
        return f"{coroutine.__qualname__}(), waiting {waiting_at(waiting)},"
    has_text = type(awaitable).__str__ is not object.__str__
    name = str(awaitable) if has_text else type(awaitable).__name__
    return f"{name}, awaited {CallSite.here()},"


def waiting_at(task: asyncio.Task[Any]) -> str:
    """Return the line where a task waits, the innermost one outside asyncio."""
    frame = frame_of(_innermost(task))
    return str(Place(frame.f_code, frame.f_lineno))


def _innermost(task: asyncio.Task[Any]) -> Any:
    """Return the innermost coroutine of a task outside asyncio."""
    coroutine: Any = task.get_coro()
    while frame := frame_of(inner := awaited_by(coroutine)):
        if frame.f_code.co_filename.startswith(ASYNCIO):
            break
        coroutine = inner
    return coroutine


def awaited_by(coroutine: Any) -> Any:
    """Return the awaitable of a coroutine or of a generator-based one."""
    inner = getattr(coroutine, "cr_await", None)
    return getattr(coroutine, "gi_yieldfrom", inner)


def frame_of(coroutine: Any) -> Any:
    """Return the frame of a coroutine or of a generator-based one, or None."""
    frame = getattr(coroutine, "cr_frame", None)
    return getattr(coroutine, "gi_frame", frame)
