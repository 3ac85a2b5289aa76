"""One who listens to a channel, quickly and slowly, and keeps account."""

from asyncio import sleep
from collections.abc import Callable
from random import Random
from typing import Any

from rx_phoenix._protocol.message import Message
from rx_phoenix.channel import Channel
from rx_phoenix.operators import map_async
from rx_phoenix.testing._simulation.invariants import Invariant
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Listener"]

NUMBER = "number"
"""The event that the server tells its numbers by."""

PATIENCE = 3
"""How many numbers wait for the slow one."""

SLOWNESS = 20.0
"""Seconds that it takes for one, at most."""


class Listener:
    """Hears what a channel hears: at once, and in a queue that may overflow.

    Args:
        channel: The channel.
        scheduler: Time.
        chance: How long the slow one takes.
        broken: Told what does not hold.

    Attributes:
        arrived: How many numbers were delivered.
    """

    def __init__(
        self,
        channel: Channel,
        scheduler: VirtualScheduler,
        chance: Random,
        broken: Callable[[Invariant, str], None],
    ) -> None:
        self.arrived = 0
        self._channel = channel
        self._broken = broken
        self._chance = chance
        self._received = 0
        self._last = 0
        self._handled = 0
        self._lost = 0
        numbers = channel.events(NUMBER)
        numbers.subscribe(self._hear)
        slowly = map_async(
            self._handle,
            maxsize=PATIENCE,
            overflow="drop_oldest",
            on_loss=self._lose,
            scheduler=scheduler,
        )
        self._slow = numbers.pipe(slowly).subscribe()

    def receive(self, message: Message) -> None:
        """Something arrived at the socket; it was delivered before this is called."""
        channel = self._channel
        is_ours = message.topic == channel.topic and message.event == NUMBER
        if is_ours and message.join_ref == channel.join_ref:
            self._received += 1

    def _hear(self, payload: Any) -> None:
        self.arrived += 1
        if payload["join"] != self._channel.join_ref:
            self._broken(Invariant.NO_OLD_JOIN, f"{self._channel} got {payload}")
        if payload[NUMBER] <= self._last:
            text = f"{self._channel} got {payload} after {self._last}"
            self._broken(Invariant.IN_ORDER, text)
        self._last = payload[NUMBER]

    async def _handle(self, _: Any) -> None:
        await sleep(self._chance.uniform(0, SLOWNESS))
        self._handled += 1

    async def _ponder(self, _: Any) -> None:
        await sleep(SLOWNESS)

    def _lose(self, count: int) -> None:
        self._lost += count

    def ponder(self) -> None:
        """Let what comes next keep a callback busy, which the socket's end calls off.

        The slow one goes before: what is in its hands is its own, not the socket's.
        """
        self._slow.dispose()
        self._channel.on(NUMBER, self._ponder)

    def check(self, *, is_quiet: bool = False) -> None:
        """See that nothing got lost without a word.

        Args:
            is_quiet: Whether the slow one must have caught up.
        """
        channel, arrived, handled = self._channel, self.arrived, self._handled
        if arrived != self._received:
            text = f"{channel} received {self._received}, but delivered {arrived}"
            self._broken(Invariant.ALL_ACCOUNTED, text)
        waiting = arrived - handled - self._lost
        text = f"{channel} delivered {arrived}, handled {handled}, lost {self._lost}"
        # One of those that are not handled yet is in the hands of the slow one.
        if waiting > PATIENCE + 1:
            self._broken(Invariant.BOUNDED, text)
        if is_quiet and waiting:
            self._broken(Invariant.ALL_ACCOUNTED, text)
