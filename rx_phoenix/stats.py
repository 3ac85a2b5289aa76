"""What a socket counts."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Counters", "SocketStats"]


class SocketStats(Struct, frozen=True, kw_only=True):
    """A socket's figures at one moment; all but the last three only grow.

    Attributes:
        frames_in: Frames received.
        frames_out: Frames sent.
        bytes_in: Their size, in characters of text or bytes of binary.
        bytes_out: Likewise, outward.
        protocol_errors: Frames that were dropped because they are no messages.
        late_replies: Replies that nobody waited for any more, or ever.
        stale: Messages dropped because they belong to an older join.
        reconnects: How often a connection was lost, by cause.
        round_trip: Seconds that the last heartbeat took; None before the first.
        buffered: Pushes that wait for a join or for the wire.
        channels: Topics with somebody on them.
    """

    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    protocol_errors: int
    late_replies: int
    stale: int
    reconnects: Mapping[str, int]
    round_trip: float | None
    buffered: int
    channels: int


class Counters:
    """The integers behind `SocketStats`; the receiving path only adds to them."""

    __slots__ = (
        "bytes_in",
        "bytes_out",
        "frames_in",
        "frames_out",
        "late_replies",
        "protocol_errors",
        "reconnects",
        "stale",
    )

    def __init__(self) -> None:
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0
        self.protocol_errors = self.late_replies = self.stale = 0
        self.reconnects = Counter[str]()

    def snapshot(
        self, *, round_trip: float | None, buffered: int, channels: int
    ) -> SocketStats:
        """The figures of this moment."""
        return SocketStats(
            frames_in=self.frames_in,
            frames_out=self.frames_out,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
            protocol_errors=self.protocol_errors,
            late_replies=self.late_replies,
            stale=self.stale,
            reconnects=dict(self.reconnects),
            round_trip=round_trip,
            buffered=buffered,
            channels=channels,
        )
