"""What all browsers share: one stream of scenes, and with it one join a topic."""

from collections.abc import Callable
from dataclasses import dataclass

from reactivex import Observable

from rx_phoenix._cli.demo.publisher import PUSHED, ListenOptions
from rx_phoenix._cli.demo.scene import Scene
from rx_phoenix._cli.demo.stage import Stage
from rx_phoenix._streams.state import State
from rx_phoenix.channel import Channel
from rx_phoenix.push import Push

__all__ = ["Board"]


@dataclass(frozen=True, slots=True)
class Board:
    """What all browsers share.

    Attributes:
        stage: Where the readings come from.
        scenes: What is to be seen, the latest first; shared, so that there is one join
            however many watch, and none when nobody does.
        channel: Where wishes are told to the publisher.
        browsers: How many browsers there are.
        clock: The scheduler's time.
        diagnosis: Why the connection does as it does, in plain words.
        fail: Told of an error after which there is nothing to show.
    """

    stage: Stage
    scenes: Observable[Scene]
    channel: Channel
    browsers: State[int]
    clock: Callable[[], float]
    diagnosis: Callable[[], str]
    fail: Callable[[Exception], None]

    def ask(self, every: float) -> Push:
        """Ask the publisher for readings.

        Args:
            every: Seconds from one to the next.
        """
        return self.channel.push(PUSHED, ListenOptions(every))

    def enter(self) -> None:
        """One browser more."""
        self.browsers.on_next(self.browsers.value + 1)

    def leave(self) -> None:
        """One browser less."""
        self.browsers.on_next(self.browsers.value - 1)
