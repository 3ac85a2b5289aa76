"""A connection that reads and writes in turns: one reader, one writer, a queue."""

from abc import ABC, abstractmethod
from asyncio import FIRST_COMPLETED, Event, Task, create_task, wait
from collections import deque

from reactivex import Observable, abc

from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.hub import Hot
from rx_phoenix._transport.contract import Connection
from rx_phoenix._transport.inbound import Batch, Inbound

__all__ = ["Duplex"]


class Duplex(ABC):
    """An open connection over requests; see `Connection`.

    A close has no code or reason here: the peer notices that requests end.
    """

    def __init__(self) -> None:
        self._inbound = Inbound()
        self._batches = Hot(self._inbound)
        self._queue: deque[Frame] = deque()
        self._in_flight = 0
        self._something = Event()
        self._is_closing = False

    @property
    def batches(self) -> Observable[Batch]:
        """The frames that arrive, as many at a time as were read."""
        return self._batches

    @property
    def buffered(self) -> int:
        """The number of frames that are not written yet."""
        return len(self._queue) + self._in_flight

    def send(self, frame: Frame) -> None:
        """Queue a frame."""
        if not self._is_closing:
            self._queue.append(frame)
            self._something.set()

    def close(self, code: int = 1000, reason: str = "") -> None:  # noqa: ARG002
        """Close once the queue is written."""
        self._is_closing = True
        self._something.set()

    async def live(self, observer: abc.ObserverBase[Connection]) -> None:
        """Announce it, then read and write until it ends.

        Raises:
            ConnectionLost: It ended without a `close` of ours.
        """
        observer.on_next(self)
        # If both fail, the reader's error is raised: it may be the peer's own word.
        tasks = [create_task(self.read()), create_task(self._write_all())]
        errors: list[BaseException] = []
        try:
            await wait(tasks, return_when=FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await wait(tasks)
            errors.extend(filter(None, map(_error_of, tasks)))
        if not self._is_closing:
            raise errors[0]

    async def _write_all(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._queue:
                batch = self.next_batch(self._queue)
                self._in_flight = len(batch)
                await self.write(batch)
                self._in_flight = 0
            if self._is_closing:
                return

    def next_batch(self, queue: deque[Frame]) -> list[Frame]:
        """Take from the queue what one write can carry: one frame, if need be more."""
        return [queue.popleft()]

    def emit(self, batch: Batch) -> None:
        """Deliver the frames of one read."""
        self._inbound.emit(batch)

    @abstractmethod
    async def read(self) -> None:
        """Emit each frame that arrives.

        Raises:
            ConnectionLost: It ended.
        """

    @abstractmethod
    async def write(self, batch: list[Frame]) -> None:
        """Write frames.

        Raises:
            ConnectionLost: They could not be written in time, or at all.
        """


def _error_of(task: Task[None]) -> BaseException | None:
    """Return the error of a task; asyncio reports errors that are never retrieved."""
    return None if task.cancelled() else task.exception()
