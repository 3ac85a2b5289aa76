"""State shared by all browsers: one stream of snapshots, so one join per topic."""

from collections.abc import Callable
from dataclasses import dataclass

from reactivex import Observable
from reactivex.subject import BehaviorSubject

from rx_phoenix import Channel, Push
from rx_phoenix_demo.backend import Backend
from rx_phoenix_demo.publisher import PUSHED, RateRequest
from rx_phoenix_demo.snapshot import Snapshot

__all__ = ["Dashboard"]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """State shared by all browsers.

    Attributes:
        backend: The server.
        snapshots: The snapshots, the latest first; shared, so that the topics are
            joined once while there are browsers.
        channel: The channel to the publisher.
        browsers: The number of browsers.
        clock: The scheduler's time.
        diagnosis: The socket's diagnosis.
        fail: Called with an error that ends the demo.
    """

    backend: Backend
    snapshots: Observable[Snapshot]
    channel: Channel
    browsers: BehaviorSubject[int]
    clock: Callable[[], float]
    diagnosis: Callable[[], str]
    fail: Callable[[Exception], None]

    def request_rate(self, every: float) -> Push:
        """Request another rate from the publisher.

        Args:
            every: Seconds between readings.
        """
        return self.channel.push(PUSHED, RateRequest(every))

    def enter(self) -> None:
        """Count one more browser."""
        self.browsers.on_next(self.browsers.value + 1)

    def leave(self) -> None:
        """Count one browser less."""
        self.browsers.on_next(self.browsers.value - 1)
