"""Calls from other threads, whose results go back there."""

from asyncio import CancelledError, Task, current_task
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from inspect import isawaitable
from typing import Any

from reactivex import abc

from rx_phoenix._streams.failure import ENDS_PROGRAM
from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.reporter import Reporter
from rx_phoenix._streams.scheduler import FORKED_TEXT, LoopScheduler, Timer
from rx_phoenix._streams.single_result import Result
from rx_phoenix.errors import UsageError

__all__ = ["Answer", "ThreadCalls"]

LOOP_ENDED = "the event loop of this socket ended before the call did"


class Answer(Future[Any]):
    """The result of a call on the loop, for the thread that asked for it.

    An exception that nothing looked at is reported, as that of a callback would be.

    Args:
        scheduler: That of the loop.
        report: Receives such an exception.
    """

    def __init__(self, scheduler: LoopScheduler, report: Reporter) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._report = report
        self._is_seen = False

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the result, and return it.

        Raises:
            UsageError: It would block the loop that it waits for.
        """
        self._look()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end, and return the exception, if it is one.

        Raises:
            UsageError: It would block the loop that it waits for.
        """
        self._look()
        return super().exception(timeout)

    def succeed(self, value: object) -> None:
        """Settle with a value, unless the waiter cancelled it."""
        with suppress(InvalidStateError):
            self.set_result(value)

    def fail(self, error: BaseException) -> None:
        """Settle with an error; report it if the waiter cancelled it."""
        try:
            self.set_exception(error)
        except InvalidStateError:
            if isinstance(error, Exception) and not isinstance(error, UsageError):
                self._report(error)

    def _look(self) -> None:
        if not self.done() and self._scheduler.is_here:
            raise UsageError(
                "waiting for this Future would block the event loop that runs its "
                "call: await asyncio.wrap_future(future), or call the function directly"
            )
        self._is_seen = True

    def __del__(self) -> None:
        if self.done() and not self.cancelled() and not self._is_seen:
            error = super().exception()
            if isinstance(error, Exception):
                self._report(error)


class ThreadCalls:
    """The calls that other threads have asked for, until they end.

    Args:
        report: Receives the exceptions that nothing looked at.
    """

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._scheduler: LoopScheduler | None = None
        self._open: dict[ThreadCall, None] = {}
        self._running: ThreadCall | None = None
        self._excepted: set[ThreadCall] = set()
        self._timer: abc.DisposableBase = Timer(noop)
        self._then: Callable[[], None] = noop

    def call(self, function: Callable[[], object], scheduler: LoopScheduler) -> Answer:
        """Call a function on the loop, from any thread.

        Raises:
            UsageError: The loop is closed, or in another process.
        """
        self._scheduler = scheduler
        answer = Answer(scheduler, self._report)
        # Held, because it fails the answer when it is dropped.
        call = ThreadCall(self, function, answer, scheduler)
        if not scheduler.hop(call):
            answer.cancel()
            raise UsageError(FORKED_TEXT if scheduler.is_forked else LOOP_ENDED)
        return answer

    def except_caller(self) -> None:
        """Do not wait for the call that is running now: it waits for the end."""
        if self._running is not None:
            self._excepted.add(self._running)
        if self._open and self._scheduler is not None:
            task = current_task(self._scheduler.loop)
            self._excepted.update(
                call for call in self._open if task is not None and call.task is task
            )

    def end(self, within: float) -> None:
        """Cancel the calls that still run after some seconds."""
        if self._scheduler is not None and self._waited_for():
            self._timer = self._scheduler.call_later(within, self._cancel)

    def when_ended(self, then: Callable[[], None]) -> None:
        """Call a function when the open calls have ended; at once if there are none."""
        self._then = then
        self._go_on()

    def _cancel(self) -> None:
        for call in self._waited_for():
            call.cancel()

    def _go_on(self) -> None:
        if not self._waited_for():
            self._timer.dispose()
            then, self._then = self._then, noop
            then()

    def _waited_for(self) -> list["ThreadCall"]:
        return [call for call in self._open if call not in self._excepted]

    def begin(self, call: "ThreadCall", function: Callable[[], object]) -> object:
        """Call the function of a call, which is the running one meanwhile."""
        self._open[call] = None
        outer, self._running = self._running, call
        try:
            return function()
        finally:
            self._running = outer

    def ended(self, call: "ThreadCall") -> None:
        """Note that a call has ended."""
        self._open.pop(call, None)
        self._excepted.discard(call)
        self._go_on()


class ThreadCall:
    """One call, in the queue of the loop and then on it.

    The loop drops it when it is closed, which is how its `Answer` ends in any case.

    Args:
        calls: All of the socket's.
        function: The user's function.
        answer: Gets the result.
        scheduler: Runs what is to be awaited.

    Attributes:
        task: The task that awaits the result, if one does.
    """

    def __init__(
        self,
        calls: ThreadCalls,
        function: Callable[[], object],
        answer: Answer,
        scheduler: LoopScheduler,
    ) -> None:
        self.task: Task[Any] | None = None
        self._calls = calls
        self._function = function
        self._scheduler = scheduler
        self._is_cancelled = False
        # Taken when it ends: the traceback of an exception leads back to this object,
        # and must not keep the exception from being reported.
        self._answer: Answer | None = answer

    def __call__(self) -> None:
        """Call the function, on the loop."""
        try:
            result = self._calls.begin(self, self._function)
        except BaseException as error:
            self._fail(error)
            if isinstance(error, ENDS_PROGRAM):
                raise
            return
        is_stream = isinstance(result, abc.ObservableBase)
        if isawaitable(result) and (not is_stream or isinstance(result, Result)):
            task = self._scheduler.loop.create_task(self._wait_for(result))
            task.add_done_callback(self._task_ended)
        else:
            self._end().succeed(result)

    def cancel(self) -> None:
        """Cancel it: the socket has ended."""
        self._is_cancelled = True
        if self.task is not None:
            self.task.cancel()

    async def _wait_for(self, awaitable: Awaitable[Any]) -> Any:
        # From within, because an eager task begins before its creator gets it.
        self.task = current_task()
        return await awaitable

    def _task_ended(self, task: "Task[Any]") -> None:
        if not task.cancelled():
            error = task.exception()
            if error is None:
                self._end().succeed(task.result())
            else:
                self._fail(error)
        elif task.cancelling() and not self._is_cancelled:
            self._fail(UsageError(LOOP_ENDED))
        else:
            self._fail(CancelledError())

    def _fail(self, error: BaseException) -> None:
        answer = self._end()
        if isinstance(error, CancelledError):
            answer.cancel()
        else:
            answer.fail(error)

    def _end(self) -> Answer:
        answer, self._answer = self._answer, None
        assert answer is not None, "ended twice"  # noqa: S101
        self._calls.ended(self)
        return answer

    def __del__(self) -> None:
        if self._answer is not None:
            self._answer.fail(UsageError(LOOP_ENDED))
