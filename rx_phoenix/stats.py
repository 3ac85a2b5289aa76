"""Statistics of a socket."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Counters", "SocketStats"]


class SocketStats(Struct, frozen=True, kw_only=True):
    """A snapshot of a socket's statistics; all but the last three only grow.

    Attributes:
        frames_in: Frames received.
        frames_out: Frames sent.
        bytes_in: Size of received frames: characters of text, bytes of binary.
        bytes_out: Size of sent frames.
        protocol_errors: Received frames that were dropped as malformed.
        late_replies: Replies without a waiting push.
        stale: Messages that were dropped because they belong to an older join.
        casts_dropped: Casts that were dropped before they were sent.
        reconnects: Number of lost connections, by cause.
        round_trip: Round-trip time of the last heartbeat in seconds, or None.
        buffered: Pushes that wait for a join or for the connection.
        channels: Topics with a channel.
        pauses: How often reading paused for a consumer with ``overflow="wait"``.
        beyond_maxsize: The most values that waited for such a consumer beyond its
            ``maxsize``, as they do while an answer is awaited.
    """

    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    protocol_errors: int
    late_replies: int
    stale: int
    casts_dropped: int
    reconnects: Mapping[str, int]
    round_trip: float | None
    buffered: int
    channels: int
    pauses: int = 0
    beyond_maxsize: int = 0


class Counters:
    """The counters behind `SocketStats`; the receiving path only increments them."""

    __slots__ = (
        "beyond_maxsize",
        "bytes_in",
        "bytes_out",
        "casts_dropped",
        "frames_in",
        "frames_out",
        "late_replies",
        "pauses",
        "protocol_errors",
        "reconnects",
        "stale",
    )

    beyond_maxsize: int
    bytes_in: int
    bytes_out: int
    casts_dropped: int
    frames_in: int
    frames_out: int
    late_replies: int
    pauses: int
    protocol_errors: int
    reconnects: Counter[str]
    stale: int

    def __init__(self) -> None:
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0
        self.protocol_errors = self.late_replies = self.stale = 0
        self.casts_dropped = 0
        self.pauses = self.beyond_maxsize = 0
        self.reconnects = Counter()

    def snapshot(
        self, *, round_trip: float | None, buffered: int, channels: int
    ) -> SocketStats:
        """Return the current figures."""
        return SocketStats(
            frames_in=self.frames_in,
            frames_out=self.frames_out,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
            protocol_errors=self.protocol_errors,
            late_replies=self.late_replies,
            stale=self.stale,
            casts_dropped=self.casts_dropped,
            reconnects=dict(self.reconnects),
            round_trip=round_trip,
            buffered=buffered,
            channels=channels,
            pauses=self.pauses,
            beyond_maxsize=self.beyond_maxsize,
        )
