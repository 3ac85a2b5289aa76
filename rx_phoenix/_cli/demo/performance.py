"""The demo while it plays, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from reactivex import Observable

from rx_phoenix._cli.demo.feed import Feed, feed
from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.publisher import Deliveries
from rx_phoenix._cli.demo.stage import Stage
from rx_phoenix._cli.demo.watching import Watcher
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.channel import Channel
from rx_phoenix.socket import Socket

__all__ = ["Performance", "Show"]

Show = Callable[[str], None]
"""Shows what is new; its argument says what is to come. It is called all the time."""


@dataclass(frozen=True, slots=True)
class Performance:
    """The demo while it plays.

    Attributes:
        stage: Where it plays.
        viewer: The viewer's socket.
        delivered: What became of the readings so far.
        scheduler: Time.
        fail: To be told of an error after which there is nothing to show.
    """

    stage: Stage
    viewer: Socket
    delivered: Observable[Deliveries]
    scheduler: LoopScheduler
    fail: Callable[[Exception], None]

    @property
    def channel(self) -> Channel:
        """The viewer's channel."""
        return self.viewer.channel(self.stage.topic)

    def feed(self, limits: Limits, watched: Observable[tuple[Watcher, ...]]) -> Feed:
        """The streams to be shown; subscribing to them joins.

        Args:
            limits: When there is alarm.
            watched: Who is watching.
        """
        return feed(
            self.viewer, self.channel, self.delivered, limits, self.scheduler, watched
        )
