"""A running demo, as the terminal and the page get it."""

from collections.abc import Callable
from dataclasses import dataclass

from reactivex import Observable

from rx_phoenix import Channel, Socket
from rx_phoenix.operators import LoopScheduler
from rx_phoenix_demo.backend import Backend
from rx_phoenix_demo.feed import Feed, feed
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.watchers import Watcher

__all__ = ["DemoContext", "Refresh"]

Refresh = Callable[[str], None]
"""Function that shows updates; called every 0.1 s, with a line about the next event."""


@dataclass(frozen=True, slots=True)
class DemoContext:
    """A running demo.

    Attributes:
        backend: The server.
        viewer: The viewer's socket.
        deliveries: Counts of the pushed readings.
        scheduler: Time.
        fail: Called with an error that ends the demo.
    """

    backend: Backend
    viewer: Socket
    deliveries: Observable[Deliveries]
    scheduler: LoopScheduler
    fail: Callable[[Exception], None]

    @property
    def channel(self) -> Channel:
        """The viewer's channel."""
        return self.viewer.channel(self.backend.topic)

    def feed(self, limits: Limits, watchers: Observable[tuple[Watcher, ...]]) -> Feed:
        """Build the streams of the demo; subscribing to them joins the channel.

        Args:
            limits: Thresholds of the alarms.
            watchers: The viewers, by presence.
        """
        return feed(
            self.viewer, self.channel, self.deliveries, limits, self.scheduler, watchers
        )
