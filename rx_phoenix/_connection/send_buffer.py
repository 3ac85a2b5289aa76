"""The send buffer: pushes of one socket that wait, and no more of them than agreed."""

from collections import deque

from rx_phoenix._push import ChannelPush
from rx_phoenix.errors import PushCancelled
from rx_phoenix.policy import SendBuffer

__all__ = ["PushQueue"]


class PushQueue:
    """Counts a socket's pushes that wait for a join or for the wire.

    Args:
        policy: How many may wait, and what becomes of one too many.
    """

    def __init__(self, policy: SendBuffer) -> None:
        self._policy = policy
        self._waiting: dict[ChannelPush, None] = {}
        self._unwritten: deque[int] = deque()
        self._coming = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._unwritten) + self._coming

    def admit(self, push: ChannelPush) -> bool:
        """Make room for one more push, or cancel it.

        Returns:
            Whether the push may go on.
        """
        if len(self) < self._policy.size:
            return True
        if self._policy.overflow == "drop_oldest" and self._waiting:
            oldest = next(iter(self._waiting))
            error = self._full(oldest)
            # Its place is taken, whatever its owner does when told.
            self._coming += 1
            oldest.cancel_as(error)
            self._coming -= 1
            return True
        push.end(self._full(push))
        return False

    def _full(self, push: ChannelPush) -> PushCancelled:
        return PushCancelled(
            f"{push} was dropped, unsent: {len(self)} pushes wait already, and "
            f"send_buffer allows {self._policy.size}. Wait for the outcome of earlier "
            "ones, or allow more."
        )

    def add(self, push: ChannelPush) -> None:
        """A push waits for its channel's join."""
        self._waiting[push] = None

    def remove(self, push: ChannelPush) -> None:
        """It waits no longer."""
        self._waiting.pop(push, None)

    def wrote(self, number: int) -> None:
        """A push was given to a connection that has frames queued.

        Args:
            number: Which frame of the connection it is.
        """
        self._unwritten.append(number)

    def written(self, number: int) -> None:
        """All frames of the connection up to this one are on the wire."""
        while self._unwritten and self._unwritten[0] <= number:
            self._unwritten.popleft()

    def clear_wire(self) -> None:
        """The connection is gone, and its queue with it."""
        self._unwritten.clear()
