"""A listener that accounts for every message of a channel."""

from asyncio import sleep
from collections.abc import Callable
from random import Random
from typing import Any

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import ChannelState
from rx_phoenix.channel import Channel
from rx_phoenix.operators import map_async
from rx_phoenix.testing._simulation.invariants import Invariant
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Listener"]

NUMBER = "number"
"""The event of the server's numbers."""

MAXSIZE = 3
"""The most numbers that wait for the slow subscriber."""

SLOW_SECONDS = 20.0
"""The most seconds that it takes for one."""


class Listener:
    """Two subscribers of a channel: a direct one, and a slow one with a queue.

    Args:
        channel: The channel.
        scheduler: The clock.
        random: The source of the slow subscriber's delays.
        broken: Called with each broken invariant.

    Attributes:
        arrived: The number of delivered numbers.
    """

    def __init__(
        self,
        channel: Channel,
        scheduler: VirtualScheduler,
        random: Random,
        broken: Callable[[Invariant, str], None],
    ) -> None:
        self.arrived = 0
        self._channel = channel
        self._broken = broken
        self._random = random
        self._received = 0
        self._last = 0
        self._handled = 0
        self._lost = 0
        numbers = channel.events(NUMBER)
        numbers.subscribe(self._receive_number)
        slowly = map_async(
            self._handle,
            maxsize=MAXSIZE,
            overflow="drop_oldest",
            on_loss=self._lose,
            scheduler=scheduler,
        )
        self._slow = numbers.pipe(slowly).subscribe()

    def receive(self, message: Message) -> None:
        """Count a message that arrived at the socket, after its delivery."""
        channel = self._channel
        is_ours = message.topic == channel.topic and message.event == NUMBER
        # From the leave on, listeners get nothing more of the server.
        is_left = channel.state is ChannelState.LEAVING
        if is_ours and message.join_ref == channel.join_ref and not is_left:
            self._received += 1

    def _receive_number(self, payload: Any) -> None:
        self.arrived += 1
        if payload["join"] != self._channel.join_ref:
            self._broken(Invariant.NO_OLD_JOIN, f"{self._channel} got {payload}")
        if payload[NUMBER] <= self._last:
            text = f"{self._channel} got {payload} after {self._last}"
            self._broken(Invariant.IN_ORDER, text)
        self._last = payload[NUMBER]

    async def _handle(self, _: Any) -> None:
        await sleep(self._random.uniform(0, SLOW_SECONDS))
        self._handled += 1

    async def _hang(self, _: Any) -> None:
        await sleep(SLOW_SECONDS)

    def _lose(self, count: int) -> None:
        self._lost += count

    def hang_callbacks(self) -> None:
        """Keep a callback busy with the next number until the socket cancels it.

        The slow subscriber is disposed before, because it owns its current number.
        """
        self._slow.dispose()
        self._channel.on(NUMBER, self._hang)

    def check(self, *, is_quiet: bool = False) -> None:
        """Check that no message was lost without a report.

        Args:
            is_quiet: True if the slow subscriber must have caught up.
        """
        channel, arrived, handled = self._channel, self.arrived, self._handled
        if arrived != self._received:
            text = f"{channel} received {self._received}, but delivered {arrived}"
            self._broken(Invariant.ALL_ACCOUNTED, text)
        waiting = arrived - handled - self._lost
        text = f"{channel} delivered {arrived}, handled {handled}, lost {self._lost}"
        # One of the unhandled numbers is being handled by the slow subscriber.
        most = 0 if is_quiet else MAXSIZE + 1
        if waiting > most:
            self._broken(Invariant.ALL_ACCOUNTED, text)
