"""Figures: what a socket counts anyway, taken once a second."""

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
    """Adds to instruments what the figures of a socket grew by.

    A socket has no clock before it first connects, so that this waits for that.

    Args:
        socket: The socket.
        meter: Makes the instruments.
        common: What all measurements have in common.
    """

    def __init__(self, socket: Socket, meter: Meter, common: Attributes) -> None:
        frames = meter.create_counter(
            "phoenix.client.frames", "{frame}", "Frames, heartbeats included."
        )
        io = meter.create_counter(
            "phoenix.client.io", "By", "Size of frames; that of text in characters."
        )
        dropped = meter.create_counter(
            "phoenix.client.dropped_messages",
            "{message}",
            "What was received, and meant nobody any more.",
        )
        waiting = meter.create_up_down_counter(
            "phoenix.client.waiting_pushes",
            "{message}",
            "Pushes that wait for a join or for the wire.",
        )
        channels = meter.create_up_down_counter(
            "phoenix.client.channels", "{channel}", "Topics with somebody on them."
        )
        self._round_trip = meter.create_gauge(
            "phoenix.client.round_trip", "s", "Time that the last heartbeat took."
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
        self._watching = socket.states.pipe(
            ops.filter(lambda state: state is not SocketState.CLOSED),
            ops.take(1),
            ops.flat_map(lambda _: socket.stats),
        ).subscribe(self._take, on_completed=self._forget)

    def dispose(self) -> None:
        """Watch no longer: what waits is not counted any more."""
        self._watching.dispose()
        self._forget()

    def _take(self, stats: SocketStats) -> None:
        last, self._last = self._last, stats
        for name, counter, attributes in self._rows:
            if change := getattr(stats, name) - getattr(last, name):
                counter.add(change, attributes)
        if stats.round_trip is not None:
            self._round_trip.set(stats.round_trip, self._common)

    def _forget(self) -> None:
        self._take(replace(self._last, round_trip=None, buffered=0, channels=0))
