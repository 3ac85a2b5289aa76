"""Pushes that are too large for the server, which closes their connection with 1009."""

from collections.abc import Iterable
from typing import Protocol

from rx_phoenix._push import ChannelPush
from rx_phoenix.errors import ConnectionLost, UsageError

__all__ = ["OversizedPush", "fail_oversized"]

TOO_BIG = 1009
"""The close code for a message that is too large (RFC 6455, 7.4.1)."""


class OversizedPush(ConnectionLost, UsageError):
    """A loss that sending the push again would repeat, so that no retry does."""

    def __init__(self, push: ChannelPush, size: int) -> None:
        super().__init__(
            TOO_BIG,
            f"{push} is too large for the server, got {size:,} bytes: split it, or "
            "raise the server's limit",
        )


class Sender(Protocol):
    """A channel with pushes in flight."""

    def largest_push(self) -> tuple[int, ChannelPush] | None:
        """Return the size in bytes of the largest of them, and itself."""
        ...


def fail_oversized(senders: Iterable[Sender], lost: ConnectionLost) -> None:
    """Fail the largest push in flight for good, if the server refused one."""
    if lost.code == TOO_BIG and lost.clean:
        found = [sender.largest_push() for sender in senders]
        sizes = [entry for entry in found if entry is not None]
        if sizes:
            size, push = max(sizes, key=lambda entry: entry[0])
            push.cancel_as(OversizedPush(push, size))
