"""Figures: metrics from a socket's statistics, once a second."""

from msgspec.structs import replace
from opentelemetry.metrics import Meter
from reactivex import abc
from reactivex import operators as ops

from rx_phoenix._protocol.names import SocketState
from rx_phoenix.socket import Socket
from rx_phoenix.stats import Counters, SocketStats
from rx_phoenix.telemetry._names import DIRECTION, REASON, Attributes

__all__ = ["Figures"]

NONE_YET = Counters().snapshot(round_trip=None, buffered=0, channels=0)


class Figures(abc.DisposableBase):
    """An observer that adds the changes of a socket's statistics to instruments.

    It starts when the socket first connects, because the socket has no clock before.

    Args:
        socket: The socket.
        meter: Creates the instruments.
        common: The attributes of all measurements.
    """

    def __init__(self, socket: Socket, meter: Meter, common: Attributes) -> None:
        frames = meter.create_counter(
            "phoenix.client.frames", "{frame}", "Frames, heartbeats included."
        )
        io = meter.create_counter(
            "phoenix.client.io", "By", "Size of frames; of text frames in characters."
        )
        dropped = meter.create_counter(
            "phoenix.client.dropped_messages",
            "{message}",
            "Received messages without a recipient.",
        )
        waiting = meter.create_up_down_counter(
            "phoenix.client.waiting_pushes",
            "{message}",
            "Pushes that wait for a join or for the connection.",
        )
        channels = meter.create_up_down_counter(
            "phoenix.client.channels", "{channel}", "Topics with a channel."
        )
        self._round_trip = meter.create_gauge(
            "phoenix.client.round_trip", "s", "Round-trip time of the last heartbeat."
        )
        received, sent = {DIRECTION: "receive"}, {DIRECTION: "transmit"}
        self._rows = (
            ("frames_in", frames, common | received),
            ("frames_out", frames, common | sent),
            ("bytes_in", io, common | received),
            ("bytes_out", io, common | sent),
            ("protocol_errors", dropped, common | {REASON: "protocol_error"}),
            ("late_replies", dropped, common | {REASON: "late_reply"}),
            ("stale", dropped, common | {REASON: "stale"}),
            ("buffered", waiting, common),
            ("channels", channels, common),
        )
        self._common = common
        self._last = NONE_YET
        self._subscription = socket.states.pipe(
            ops.filter(lambda state: state is not SocketState.CLOSED),
            ops.take(1),
            ops.flat_map(lambda _: socket.stats),
        ).subscribe(self._record, on_completed=self._reset)

    def dispose(self) -> None:
        """Unsubscribe, and reset the counts of waiting pushes and channels."""
        self._subscription.dispose()
        self._reset()

    def _record(self, stats: SocketStats) -> None:
        last, self._last = self._last, stats
        for name, counter, attributes in self._rows:
            if change := getattr(stats, name) - getattr(last, name):
                counter.add(change, attributes)
        if stats.round_trip is not None:
            self._round_trip.set(stats.round_trip, self._common)

    def _reset(self) -> None:
        self._record(replace(self._last, round_trip=None, buffered=0, channels=0))
