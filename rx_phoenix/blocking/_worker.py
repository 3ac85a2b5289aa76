"""A daemon thread that calls functions one at a time."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any

from rx_phoenix.blocking._thread import fit_for_loop

__all__ = ["Worker"]

Job = tuple["Future[Any]", Callable[[], Any]]


class Worker:
    """One daemon thread that serves calls in their order.

    It begins at `start`, or at the first call: but a program that is about to end gets
    no more threads.

    Args:
        name: The name of the thread.

    >>> worker = Worker("example")
    >>> worker.submit(max, 1, 2).result(timeout=5)
    2
    >>> worker.stop(within=5)
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin the thread, if it has not begun."""
        with self._lock:
            if self._thread is None:
                thread = Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._thread = thread

    def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        """Call a function in the thread.

        Returns:
            Its result. Cancelling it skips a call that has not begun.
        """
        future: Future[Any] = Future()
        self.start()
        self._jobs.put((future, partial(function, *args)))
        return future

    def stop(self, within: float) -> None:
        """End the thread after the calls that wait.

        Args:
            within: Seconds to wait for it; a call by the thread itself does not wait.
        """
        self._jobs.put(None)
        thread = self._thread
        if thread is not None and thread is not current_thread():
            thread.join(within)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            _perform(*job)


def _perform(future: "Future[Any]", function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - raised by the awaiting callback
        future.set_exception(fit_for_loop(error))
    else:
        future.set_result(result)
