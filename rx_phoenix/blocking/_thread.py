"""An event loop in a daemon thread, for callers in other threads."""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from inspect import isawaitable
from threading import Lock, Thread, current_thread
from typing import Any, TypeVar, cast

from reactivex import Observable

from rx_phoenix import UsageError

__all__ = [
    "GRACE",
    "LoopThread",
    "call_in_thread",
    "check_may_block",
    "fit_for_loop",
]

T = TypeVar("T")

log = logging.getLogger("rx_phoenix")

GRACE = 5.0
"""Seconds beyond a call's own timeout after which its loop is taken for blocked."""


def check_may_block() -> None:
    """Check that the caller's thread runs no event loop, which a wait would block.

    Raises:
        UsageError: It runs one.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "a blocking call would stop the event loop that runs in this thread: await "
        "rx_phoenix.Socket instead, or call it through asyncio.to_thread()"
    )


class Call:
    """One call of another thread, as the loop performs it.

    Args:
        function: The function to call.

    Attributes:
        done: The outcome, for the calling thread.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self.done: Future[Any] = Future()
        self._function = function
        self._end: Callable[[], object] | None = None

    def begin(self) -> None:
        """Call the function, and settle with what it returns or what that ends with."""
        if self.done.cancelled():
            return
        try:
            result = self._function()
        except BaseException as error:  # noqa: BLE001 - raised in the calling thread
            self.fail(error)
            return
        if isinstance(result, Observable):
            # As of a push: without a task it takes two turns of the loop less.
            answer = cast("Observable[Any]", result)
            self._end = answer.subscribe(self.succeed, self.fail).dispose
        elif isawaitable(result):
            task = asyncio.ensure_future(result)
            self._end = task.cancel
            task.add_done_callback(self._finish)
        else:
            self.succeed(result)

    def abandon(self) -> None:
        """Stop waiting, because the calling thread has."""
        if self._end is not None:
            self._end()

    def succeed(self, value: Any) -> None:
        """Settle with a value, unless it is settled."""
        with suppress(InvalidStateError):
            self.done.set_result(value)

    def fail(self, error: BaseException) -> None:
        """Settle with an error, unless it is settled."""
        with suppress(InvalidStateError):
            self.done.set_exception(error)

    def _finish(self, task: "asyncio.Future[Any]") -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.succeed(task.result())
        else:
            self.fail(error)


class LoopThread:
    """One event loop in one daemon thread, started at the first call.

    Args:
        name: The name of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._process = os.getpid()
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._is_stopped = False
        self._calls: set[Call] = set()

    @property
    def is_stopped(self) -> bool:
        """True after `stop`."""
        return self._is_stopped

    @property
    def is_running(self) -> bool:
        """True from the first call in this process until `stop`."""
        is_here = self._process == os.getpid()
        return is_here and self._loop is not None and not self._is_stopped

    def call(self, function: Callable[[], Any], timeout: float | None) -> Any:
        """Call a function on the loop, and wait for what it returns, awaited if it can.

        Args:
            function: The function.
            timeout: Seconds within which it ends by itself; None if it may take any
                time.

        Raises:
            UsageError: This thread runs an event loop, this process is a forked child,
                or the loop was stopped.
            TimeoutError: The loop's thread is blocked.
        """
        self.check_caller()
        call = self._submit(function)
        try:
            return _result(call.done, timeout)
        finally:
            # An end by Ctrl-C ends the wait on the loop, too.
            if call.done.cancel():
                self.post(call.abandon)

    def post(self, function: Callable[[], object]) -> None:
        """Call a function on the loop without waiting; do nothing once it ended."""
        if self._process == os.getpid() and self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """End the loop and its thread. Later calls are refused."""
        if self._process != os.getpid():
            return
        with self._lock:
            self._is_stopped = True
            loop, thread = self._loop, self._thread
            if loop is not None:
                self.post(partial(self._end, loop))
        if thread is not None and thread is not current_thread():
            thread.join(GRACE)

    def check_caller(self) -> None:
        """Check that the caller's thread may wait for the loop.

        Raises:
            UsageError: It runs an event loop, or this process is a forked child.
        """
        check_may_block()
        if self._process != os.getpid():
            raise UsageError(
                "this object belongs to the parent process, whose thread a forked "
                "child does not have: create a new one in the child"
            )

    def _submit(self, function: Callable[[], Any]) -> Call:
        call = Call(function)
        # Under the lock, so that what is submitted comes before the loop's stop.
        with self._lock:
            if self._is_stopped:
                raise UsageError("this socket was closed: create a new one")
            loop = self._loop or self._start()
            loop.call_soon_threadsafe(self._begin, call)
        return call

    def _begin(self, call: Call) -> None:
        self._calls.add(call)
        call.done.add_done_callback(lambda _: self._calls.discard(call))
        call.begin()

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        for call in tuple(self._calls):
            call.fail(UsageError("the socket was closed during this call"))
        loop.stop()

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = self._loop = asyncio.new_event_loop()
        thread = Thread(target=_serve, args=(loop,), name=self._name, daemon=True)
        self._thread = thread
        thread.start()
        return loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped, cancel what is left, and close it."""
    try:
        has_ended = False
        while not has_ended:
            has_ended = _run(loop)
        loop.run_until_complete(_cancel_rest())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        # Unlike `asyncio.Runner` it does not await the loop's executor: that takes one
        # more thread, which a program that is about to end does not get.
        loop.close()


def _run(loop: asyncio.AbstractEventLoop) -> bool:
    """Run a loop until it is stopped; return False if an exception ended it before."""
    try:
        loop.run_forever()
    except (KeyboardInterrupt, SystemExit):
        # Other threads wait for this loop, and the program ends by its main thread.
        log.exception("a function on the event loop's thread raised")
        return False
    return True


async def _cancel_rest() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _result(future: "Future[T]", timeout: float | None) -> T:
    try:
        return future.result(None if timeout is None else timeout + GRACE)
    except TimeoutError:
        if future.done():
            raise
        raise TimeoutError(
            f"the thread of the event loop did not respond within {timeout:g} s: "
            "something blocks it, such as an on_message hook"
        ) from None


def fit_for_loop(error: BaseException) -> BaseException:
    """Return an exception of another thread's function that can be raised on a loop.

    One that would end the loop, or the coroutine in which it is raised, becomes the
    cause of a `RuntimeError`: it was to end its own thread, or a generator there.
    """
    if not isinstance(error, KeyboardInterrupt | SystemExit | StopIteration):
        return error
    fit = RuntimeError(f"a function in another thread ended with {error!r}")
    fit.__cause__ = error
    return fit


async def call_in_thread(function: Callable[[], T]) -> T:
    """Call a function that may block in a daemon thread of its own."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(deliver: Callable[[Any], None], value: object) -> None:
        if not done.done():
            deliver(value)

    def run() -> None:
        deliver: Callable[[Any], None]
        try:
            value: object = function()
            deliver = done.set_result
        except BaseException as error:  # noqa: BLE001 - raised by the awaiting caller
            value, deliver = fit_for_loop(error), done.set_exception
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(finish, deliver, value)

    Thread(target=run, name="rx_phoenix provider", daemon=True).start()
    return await done
