"""The frames that leave, on their way to the network."""

from asyncio import AbstractEventLoop, TimerHandle, WriteTransport
from bisect import bisect_right
from collections.abc import Callable, Iterable

__all__ = ["Outlet"]

AT_ONCE = 16
"""Frames in one write. With more, client and server only take turns."""

LARGE = 16 * 1024
"""Bytes from which a frame is written by itself: to join it would copy it."""

CHECKS = 10
"""How often within a deadline the network is asked for its progress."""


class Outlet:
    """Gathers the frames of one turn of the loop, and watches the network take them.

    The first frame of a turn is written at once, for it may stay the only one.

    Args:
        network: The transport of asyncio's.
        loop: Its loop.
        timeout: Seconds in which the network has to take something.
        stalled: Called once, when it has not.

    Attributes:
        untaken: Where each frame ends that the network has not taken yet, when it was
            last asked; in bytes since the beginning.
    """

    def __init__(
        self,
        network: WriteTransport,
        loop: AbstractEventLoop,
        timeout: float,
        stalled: Callable[[], None],
    ) -> None:
        self._network = network
        self._loop = loop
        self._timeout = timeout
        self._stalled = stalled
        self._gathered: list[bytes] = []
        # The three states of a turn: an enum of them would slow down each frame.
        self._is_gathering = False
        self._has_written = False
        self._is_stopped = False
        # In bytes since the beginning, too.
        self._written = 0
        self._taken = 0
        self.untaken: list[int] = []
        self._taken_at = 0.0
        self._timer: TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """The number of frames that the network has not taken."""
        if self.untaken:
            self._note_progress()
        return len(self.untaken)

    @property
    def taken(self) -> int:
        """The number of bytes that the network has taken."""
        return self._written - self._network.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Take a frame; never waits."""
        gathered = self._gathered
        gathered.append(data)
        if not self._is_gathering:
            if not self._has_written:
                self._has_written = True
                self.flush()
                return
            self._is_gathering = True
            self._loop.call_soon(self.end_turn)
        if len(gathered) == AT_ONCE or len(data) >= LARGE:
            self.flush()

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Take a frame in pieces."""
        self.write(b"".join(pieces))

    def is_closing(self) -> bool:
        """Return False: a frame for a network that is gone is dropped."""
        return False

    def begin_turn(self) -> None:
        """Gather all frames until `end_turn`."""
        self._is_gathering = self._has_written = True

    def end_turn(self) -> None:
        """Write what was gathered."""
        self._is_gathering = self._has_written = False
        if self._gathered:
            self.flush()

    def stop(self) -> None:
        """Write nothing more."""
        self._is_stopped = True
        self.untaken.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def flush(self) -> None:
        """Write what was gathered so far."""
        frames, self._gathered = self._gathered, []
        if self._is_stopped or not frames:
            return
        large = frames.pop() if len(frames[-1]) >= LARGE else None
        if frames:
            self._write(b"".join(frames), frames)
        if large is not None:
            self._write(large, [large])

    def _write(self, data: bytes, frames: list[bytes]) -> None:
        network = self._network
        network.write(data)
        end, self._written = self._written, self._written + len(data)
        waiting = network.get_write_buffer_size()
        if not waiting:
            return
        for frame in frames:
            end += len(frame)
            self.untaken.append(end)
        if self._timer is None:
            self._taken = self._written - waiting
            self._taken_at = self._loop.time()
            self._check_later()

    def _note_progress(self) -> None:
        untaken = self.untaken
        if not untaken:
            return
        taken = self.taken
        if taken > self._taken:
            self._taken, self._taken_at = taken, self._loop.time()
        del untaken[: bisect_right(untaken, taken)]

    def _check_later(self) -> None:
        self._timer = self._loop.call_later(self._timeout / CHECKS, self._check)

    def _check(self) -> None:
        self._timer = None
        self._note_progress()
        if not self.untaken:
            return
        if self._loop.time() - self._taken_at >= self._timeout:
            self.stop()
            self._stalled()
        else:
            self._check_later()
