"""Batches of the payloads of a stream, by size or time."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast

from reactivex import abc

from rx_phoenix._protocol.checks import check, is_whole
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators._bounded_queue import BoundedQueue
from rx_phoenix.policy import Duration, seconds

__all__ = ["Batches", "Every", "Size", "Window"]

Size = int | Callable[[], int]
"""The number of payloads of a batch, or a function that is asked for each batch."""

Every = Duration | None | Callable[[], Duration | None]
"""Seconds from the first payload of a batch to its push, or a function for each batch;
None for no limit."""


def check_size(size: object) -> int:
    """Check the size of a batch.

    Raises:
        UsageError: It is not a whole number from 1.
    """
    takes = "a whole number from 1, or a function that returns one"
    check(is_whole(size) and size >= 1, "size", takes, repr(size))
    return cast("int", size)


def check_every(every: Any) -> float | None:
    """Check the seconds that a batch may wait.

    Raises:
        UsageError: They are not a duration, or None.
    """
    return None if every is None else seconds(every, "every")


@dataclass(frozen=True, slots=True)
class Window:
    """The window of batches, as a user gives it."""

    size: Size
    every: Every

    def __post_init__(self) -> None:
        if not callable(self.size):
            check_size(self.size)
        if not callable(self.every):
            check_every(self.every)

    @property
    def is_single(self) -> bool:
        """True if payloads are pushed as themselves."""
        return self.size == 1


class Progress(Enum):
    """The progress of the next batch."""

    # None of its payloads is there.
    NONE = auto()
    OPEN = auto()
    # Its time is over.
    DUE = auto()


class Batches:
    """The payloads that wait, and the batch that they make next.

    Args:
        waiting: The queue of payloads.
        window: Its size and time.
        maxsize: The size of the queue, which no batch has to exceed.
        tasks: The source of time.
        report: Receives the exceptions of the window's functions.
    """

    def __init__(
        self,
        waiting: BoundedQueue[Any],
        window: Window,
        maxsize: int,
        tasks: LoopScheduler,
        report: Callable[[Exception], None],
    ) -> None:
        self.waiting = waiting
        self._window = window
        self._maxsize = maxsize
        self._tasks = tasks
        self._report = report
        self._size = 1
        self._every: float | None = None
        self._progress = Progress.NONE
        self._timer: abc.DisposableBase | None = None

    def begin(self, due: Callable[[], None]) -> None:
        """Ask for the window of the next batch, once its first payload is there.

        Args:
            due: Called when the time of the batch is over.
        """
        if self.waiting and self._progress is Progress.NONE:
            self._open(due)

    def take(self, *, is_last: bool) -> tuple[int, Any] | None:
        """Take a batch if there is one: the number of its payloads, and what to push.

        Args:
            is_last: True if there will be no more payloads.
        """
        if self._progress is Progress.NONE:
            return None
        is_due = is_last or self._progress is Progress.DUE
        if len(self.waiting) < self._size and not is_due:
            return None
        self.close()
        count = min(self._size, len(self.waiting))
        payloads = [self.waiting.take() for _ in range(count)]
        if not self._window.is_single:
            return count, payloads
        return count, {} if payloads[0] is None else payloads[0]

    def close(self) -> None:
        """Forget the time of the present batch."""
        self._progress = Progress.NONE
        if self._timer is not None:
            self._timer.dispose()
            self._timer = None

    def _open(self, due: Callable[[], None]) -> None:
        size, every = self._window.size, self._window.every
        self._progress = Progress.OPEN
        try:
            self._size = check_size(size() if callable(size) else size)
            self._every = check_every(every() if callable(every) else every)
        except ISOLATED as error:  # a user's function: reported
            self._report(contained(error))
        # A queue that is full can hold no more for a larger one.
        self._size = min(self._size, self._maxsize)

        def expire() -> None:
            self._progress = Progress.DUE
            due()

        # A function of the window may have disposed of the stream.
        if self._every is not None and self._progress is Progress.OPEN:
            self._timer = self._tasks.call_later(self._every, expire)
