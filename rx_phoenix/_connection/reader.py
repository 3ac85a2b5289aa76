"""The frames of a connection, on their way to the router."""

from asyncio import Handle
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from rx_phoenix._connection.backpressure import Backpressure
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.delivery import TURNS, delivery
from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["FrameReader"]


class FrameReader:
    """Delivers batches of frames in order, and can leave one in the middle.

    After a frame that settled something awaited, it gives the loop some turns before
    the next message that is not a reply, so that the awaiting coroutine can subscribe.
    A reply need not wait, because its push keeps it. Reads that come meanwhile are
    delivered one by one, and only until a consumer is full.

    Args:
        route: Delivers frames; exhausting the iterator makes it stop.
        route_replies: Delivers replies up to the first frame that is not one, and
            returns that frame, or None.
        backpressure: Stops the reading while a consumer is full.
        scheduler: Returns the scheduler, when it is needed.

    Attributes:
        backpressure: Likewise.
    """

    def __init__(
        self,
        route: Callable[[Iterator[Frame]], None],
        route_replies: Callable[[Iterator[Frame]], Frame | None],
        backpressure: Backpressure,
        scheduler: Callable[[], LoopScheduler],
    ) -> None:
        self.backpressure = backpressure
        self._route = route
        self._route_replies = route_replies
        self._scheduler = scheduler
        self._reading: Iterator[Frame] | None = None
        # The reads that wait, or what is left of them.
        self._rest: deque[Sequence[Frame]] = deque()
        self._turns = 0
        self._turn: Handle | None = None
        self._delivered: Callable[[], None] | None = None

    def receive(self, batch: Sequence[Frame]) -> None:
        """Deliver the frames of one read, behind those that wait."""
        self._rest.append(batch)
        if self._reading is None and len(self._rest) == 1:
            self._deliver()

    def go_on(self) -> None:
        """Deliver what waits, because a pause is over."""
        if self._reading is None and not self._turns:
            self._deliver()

    def when_delivered(self, call: Callable[[], None]) -> None:
        """Call a function when no frame waits; never after a `cut`."""
        if self._rest and not self._turns and self._reading is None:
            # A pause ends with its connection.
            self.backpressure.cut()
            self._deliver()
        if self._turns and self._rest:
            self._delivered = call
        else:
            call()

    def give_turns(self) -> None:
        """Let the loop run before the next message that is not a reply."""
        if self._reading is None:
            return
        if not self._turns and (rest := [*self._reading]):
            self._rest.appendleft(rest)
        self._turns = TURNS
        if self._turn is None:
            self._turn = self._scheduler().loop.call_soon(self._count_turn)
        else:
            self._turns += 1  # the one that is queued may be part of this turn

    def cut(self) -> None:
        """Drop what was received, and is not delivered."""
        self._rest.clear()
        self._turns = 0
        self._delivered = None
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._reading is not None:
            for _ in self._reading:
                pass
            self._reading = None

    def _count_turn(self) -> None:
        self._turns -= 1
        if self._turns:
            self._turn = self._scheduler().loop.call_soon(self._count_turn)
            return
        self._turn = None
        self._deliver()
        delivered, self._delivered = self._delivered, None
        if delivered is not None:
            self.when_delivered(delivered)

    def _deliver(self) -> None:
        outer, delivery.reader = delivery.reader, self
        try:
            while self._rest and not self.backpressure.is_paused:
                if not self._deliver_read(self._rest.popleft()):
                    return
        finally:
            delivery.reader = outer

    def _deliver_read(self, batch: Sequence[Frame]) -> bool:
        """Deliver the frames of one read; return whether the next may follow."""
        reading = self._reading = iter(batch)
        try:
            if not self._turns:
                self._route(reading)
            elif (frame := self._route_replies(reading)) is not None:
                self._rest.appendleft([frame, *reading])
                return False
        finally:
            if self._reading is reading:
                self._reading = None
            if self.backpressure.is_needed:
                # What was awaited may have come with this read.
                self.backpressure.check()
        # Else a new connection has begun inside of this one's frame.
        return self._reading is None
