"""What every transport over aiohttp has in common: one reader, one writer, a queue."""

from abc import ABC, abstractmethod
from asyncio import FIRST_COMPLETED, Event, Task, create_task, wait
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.hub import Hot, noop
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import Connection

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


class Inbound(abc.ObservableBase[Frame]):
    """The frames that arrive, with nothing between the reader and who listens.

    No hub: nothing arrives inside an arrival, and what a listener raises is the end
    of the reader.

    Attributes:
        listeners: Who gets the next frame.
    """

    def __init__(self) -> None:
        self.listeners: tuple[Callable[[Frame], object], ...] = ()

    def subscribe(
        self,
        on_next: abc.ObserverBase[Frame] | abc.OnNext[Frame] | None = None,
        on_error: abc.OnError | None = None,  # noqa: ARG002 - it never ends
        on_completed: abc.OnCompleted | None = None,  # noqa: ARG002
        *,
        scheduler: abc.SchedulerBase | None = None,  # noqa: ARG002
    ) -> abc.DisposableBase:
        """Get each frame from now on; there is no other end than being disposed."""
        listener: Callable[[Frame], object]
        if isinstance(on_next, abc.ObserverBase):
            listener = cast("abc.ObserverBase[Frame]", on_next).on_next
        else:
            listener = on_next or noop
        self.listeners = (*self.listeners, listener)
        return Disposable(lambda: self._remove(listener))

    def _remove(self, listener: Callable[[Frame], object]) -> None:
        listeners = list(self.listeners)
        listeners.remove(listener)
        self.listeners = tuple(listeners)


class Duplex(ABC):
    """An open connection; see `Connection` for what users of it see.

    Attributes:
        inbound: Who gets the frames.
    """

    def __init__(self) -> None:
        self.inbound = Inbound()
        self._frames = Hot(self.inbound)
        self._queue: deque[Frame] = deque()
        self._rest: Awaitable[None] | None = None
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
        """Write a frame, or queue it behind others."""
        if self._goodbye is not None:
            return
        if self._queue or self._in_flight:
            self.enqueue(frame)
            return
        self._rest = self.begin(frame)
        if self._rest is not None:
            self._in_flight = 1
            self._something.set()

    def begin(self, frame: Frame) -> Awaitable[None] | None:
        """Write a frame as far as that needs no wait, when no other is before it.

        Returns:
            What is left to wait for; None if it is written, or was queued.
        """
        self.enqueue(frame)

    def enqueue(self, frame: Frame) -> None:
        """Leave a frame to the writer."""
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
            if self._rest is not None:
                await self._rest
                self._rest = None
                self._in_flight = 0
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

    def emit(self, frame: Frame) -> None:
        """Give a frame to everyone who listens."""
        for listener in self.inbound.listeners:
            listener(frame)

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
