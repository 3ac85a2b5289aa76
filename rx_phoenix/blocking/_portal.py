"""The two threads of a blocking socket: its loop and its worker."""

import asyncio
import atexit
import logging
import weakref
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any, TypeVar

from reactivex import Observable

from rx_phoenix import Provider, Socket, UsageError
from rx_phoenix.blocking._items import Items, Overflow, limit_of
from rx_phoenix.blocking._thread import LoopThread, call_in_thread
from rx_phoenix.blocking._worker import Worker
from rx_phoenix.policy import Duration, seconds, timeout_of

__all__ = ["Portal", "connect_within", "may_block"]

T = TypeVar("T")

log = logging.getLogger("rx_phoenix")

WORKER_TIMEOUT = 2.0
"""Seconds to wait for the last callback at the end."""


class Portal:
    """The way of other threads to an asynchronous object, and of its events to them.

    Args:
        name: The name of the object, for those of the threads.
        aclose: Ends the object; called on the loop.
        timeout: Seconds for a call that has no timeout of its own.
    """

    def __init__(
        self, name: str, aclose: Callable[[], Awaitable[object]], timeout: float
    ) -> None:
        self.timeout = timeout
        self._aclose = aclose
        self._spawned: set[asyncio.Task[Any]] = set()
        self._thread = LoopThread(f"rx_phoenix loop of {name}")
        self._worker = Worker(f"rx_phoenix callbacks of {name}")
        self._at_exit = _CloseAtExit(weakref.ref(self))
        atexit.register(self._at_exit)

    def call(self, function: Callable[[], Any], timeout: float | None = None) -> Any:
        """Call a function on the loop, and wait for what it returns, awaited if it can.

        Args:
            function: The function; it must not block.
            timeout: Seconds within which it ends by itself; its own if None.
        """
        return self._thread.call(function, self.timeout if timeout is None else timeout)

    def within(self, timeout: Duration | None) -> float:
        """Return the seconds of a call's timeout; its own if None."""
        return self.timeout if timeout is None else timeout_of(timeout)

    def iterate(
        self,
        make: Callable[[], Observable[T]],
        *,
        timeout: Duration | None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[T]:
        """Iterate a stream that a function makes on the loop.

        Args:
            make: Returns the stream.
            timeout: Seconds to wait for each value; None for no limit.
            maxsize: The maximum number of values that wait for the consumer.
            overflow: The policy for one more.
            on_loss: Called with the number of lost values, on the loop's thread.
        """
        return Items(
            self._thread,
            make,
            timeout=limit_of(timeout),
            maxsize=maxsize,
            overflow=overflow,
            on_loss=on_loss,
        )

    def work(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a coroutine function that calls a function on the worker thread.

        As a callback on the loop it is called one at a time and in order, and its
        exceptions are reported as unhandled. The function runs in this context.

        Raises:
            UsageError: It is not a function.
        """
        if not callable(function):
            raise UsageError(f"a callback must be a function, got {function!r}")
        context = copy_context()
        self._worker.start()

        async def call(*args: Any) -> None:
            await asyncio.wrap_future(
                self._worker.submit(partial(context.run, function, *args))
            )

        return call

    def spawn(self, work: Callable[[], Any]) -> None:
        """Begin to do work; its exception is logged. Called on the loop."""

        def ended(task: "asyncio.Task[Any]") -> None:
            self._spawned.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                log.error("a callback raised %r", error, exc_info=error)

        task = asyncio.get_running_loop().create_task(work())
        self._spawned.add(task)
        task.add_done_callback(ended)

    def close(self) -> None:
        """End the object and both threads; do nothing if they have ended."""
        if not self._thread.is_stopped:
            atexit.unregister(self._at_exit)
            if self._thread.is_running:
                self.call(self._aclose)
            self._worker.stop(WORKER_TIMEOUT)
            self._thread.stop()


@dataclass(frozen=True)
class _CloseAtExit:
    """Closes what still lives when the program ends, so that what is queued is sent."""

    portal: weakref.ref[Portal]

    def __call__(self) -> None:
        portal = self.portal()
        if portal is not None:
            portal.close()


@dataclass(frozen=True)
class _InThread:
    """A provider that is called in a thread of its own; equal if its function is."""

    function: Callable[[], Any]

    async def __call__(self) -> Any:
        answer = await call_in_thread(self.function)
        return await answer if isawaitable(answer) else answer


def connect_within(portal: Portal, socket: Socket, timeout: Duration | None) -> None:
    """Connect a socket, and wait.

    Args:
        portal: The way to it.
        socket: The socket on the loop.
        timeout: Seconds to wait for the first open; the socket's own if None.

    Raises:
        TimeoutError: It is not open in time.
    """
    within = portal.timeout if timeout is None else seconds(timeout)

    async def connect() -> None:
        try:
            async with asyncio.timeout(within):
                await socket.connect()
        except TimeoutError:
            raise TimeoutError(
                f"{socket.url} is not connected after {within:g} s: "
                f"{socket.diagnosis()}"
            ) from None

    portal.call(connect, within)


def may_block(provider: Provider[T]) -> Provider[T]:
    """Return a provider whose function may block, because a thread calls it."""
    return _InThread(provider) if callable(provider) else provider
