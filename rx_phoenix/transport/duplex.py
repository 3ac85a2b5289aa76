"""What every transport over aiohttp has in common: one reader, one writer, a queue."""

from abc import ABC, abstractmethod
from asyncio import FIRST_COMPLETED, Event, Task, create_task, wait
from collections import deque
from collections.abc import Awaitable, Callable

from reactivex import Observable, abc

from rx_phoenix.protocol.serializer import Frame
from rx_phoenix.streams.hub import Hub
from rx_phoenix.streams.scheduler import LoopScheduler
from rx_phoenix.transport.contract import Connection

__all__ = ["Duplex", "alive"]

NORMAL = 1000
"""The close code of an end that nobody gave a reason for."""


def alive(
    life: Callable[[abc.ObserverBase[Connection]], Awaitable[None]],
) -> Observable[Connection]:
    """A connection's life as an Observable: subscribing begins it, disposing ends it.

    Args:
        life: Opens, announces the connection, and returns at its end, or raises.
    """

    def subscribe(
        observer: abc.ObserverBase[Connection],
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        has_loop = isinstance(scheduler, LoopScheduler)
        loop = scheduler if has_loop else LoopScheduler.current()
        return loop.spawn(
            life(observer), lambda _: observer.on_completed(), observer.on_error
        )

    return Observable(subscribe)


class Duplex(ABC):
    """An open connection; see `Connection` for what users of it see."""

    def __init__(self) -> None:
        self.emit = (hub := Hub[Frame](_raise)).on_next
        self._frames = hub.observable
        self._queue: deque[Frame] = deque()
        self._in_flight = 0
        self._something = Event()
        self._goodbye: tuple[int, str] | None = None

    @property
    def frames(self) -> Observable[Frame]:
        """The frames that arrive."""
        return self._frames

    @property
    def buffered(self) -> int:
        """How many frames wait to be written."""
        return len(self._queue) + self._in_flight

    def send(self, frame: Frame) -> None:
        """Queue a frame."""
        if self._goodbye is None:
            self._queue.append(frame)
            self._something.set()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye once the queue is written."""
        if self._goodbye is None:
            self._goodbye = code, reason
            self._something.set()

    async def live(self, observer: abc.ObserverBase[Connection]) -> None:
        """Announce it, then read and write until it ends.

        Raises:
            ConnectionLost: It ended without our wish.
        """
        observer.on_next(self)
        # If both fail, what reading says is told: it may be the peer's own word.
        tasks = [create_task(self.read()), create_task(self._write_all())]
        errors: list[BaseException] = []
        try:
            await wait(tasks, return_when=FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await wait(tasks)
            errors.extend(filter(None, map(_error_of, tasks)))
            await self.let_go(*(self._goodbye or (NORMAL, "")))
        if self._goodbye is None:
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
            if self._goodbye is not None:
                await self.say_goodbye(*self._goodbye)
                return

    def next_batch(self, queue: deque[Frame]) -> list[Frame]:
        """Take from the queue what one write can carry: one frame, if need be more."""
        return [queue.popleft()]

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

    @abstractmethod
    async def say_goodbye(self, code: int, reason: str) -> None:
        """Close, and wait for the peer as long as is decent."""

    @abstractmethod
    async def let_go(self, code: int, reason: str) -> None:
        """Release the network, without a wait; say goodbye if nobody has yet."""


def _error_of(task: Task[None]) -> BaseException | None:
    """What a task failed with; asyncio complains of errors that nobody asks for."""
    return None if task.cancelled() else task.exception()


def _raise(error: Exception) -> None:
    raise error
