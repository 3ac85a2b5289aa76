"""The send buffer: the waiting pushes of one socket, bounded."""

from bisect import bisect_right

from rx_phoenix._push import ChannelPush
from rx_phoenix.errors import PushCancelled
from rx_phoenix.policy import SendBuffer

__all__ = ["PushQueue"]


class PushQueue:
    """Counts a socket's pushes that wait for a join or for the network.

    Args:
        policy: The size, and the overflow.
    """

    def __init__(self, policy: SendBuffer) -> None:
        self._policy = policy
        self._waiting: dict[ChannelPush, None] = {}
        self._unwritten: list[int] = []
        self._coming = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._unwritten) + self._coming

    def admit(self, push: ChannelPush) -> bool:
        """Make room for one more push, or cancel it.

        Returns:
            True if the push may go on.
        """
        if len(self) < self._policy.size:
            return True
        if self._policy.overflow == "drop_oldest" and self._waiting:
            oldest = next(iter(self._waiting))
            error = self._full(oldest)
            # Its place is taken, even if its observer pushes again.
            self._coming += 1
            oldest.cancel_as(error)
            self._coming -= 1
            return True
        push.end(self._full(push))
        return False

    def _full(self, push: ChannelPush) -> PushCancelled:
        return PushCancelled(
            f"{push} was dropped: the send buffer is full ({len(self)} of "
            f"{self._policy.size}). Await earlier pushes or raise send_buffer."
        )

    def add(self, push: ChannelPush) -> None:
        """Count a push that waits for its channel's join."""
        self._waiting[push] = None

    def remove(self, push: ChannelPush) -> None:
        """Count it no longer."""
        self._waiting.pop(push, None)

    def wrote(self, number: int) -> None:
        """Count a push that was given to a connection with frames in its queue.

        Args:
            number: The number of its frame on the connection.
        """
        self._unwritten.append(number)

    def written(self, number: int) -> None:
        """Count no push of the connection up to this frame: they are sent."""
        del self._unwritten[: bisect_right(self._unwritten, number)]

    def clear_wire(self) -> None:
        """Forget the queue of a connection that is gone."""
        self._unwritten.clear()
