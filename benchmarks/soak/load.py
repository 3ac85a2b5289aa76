"""The load: many sockets, many channels on one socket, many messages."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice

import psutil

from benchmarks.soak.ledger import Ledger, Numbers
from benchmarks.soak.vitals import LIMITS
from rx_phoenix import (
    Channel,
    Closed,
    HeartbeatAnswered,
    HeartbeatMissed,
    Socket,
    SocketStats,
)
from rx_phoenix.operators import for_each

__all__ = [
    "CHANNELS",
    "MESSAGES",
    "SLOW",
    "SOCKETS",
    "ask",
    "consume_slowly",
    "many_channels",
    "many_sockets",
]

SOCKETS = 1_000
CHANNELS = 10_000
MESSAGES = 1_000_000
"""Half of them over the sockets, half over the channels."""

AT_ONCE = 100
"""How many sockets connect, or channels are asked, at a time."""

SLOW = 280
"""Events for a consumer that takes a millisecond for each, per second of the soak."""

AHEAD = 20_000
"""How many of them the server may have sent, or tried to, before they are handled."""

PADDING = 1_000
"""Bytes that each of them carries: so many ahead are more than the network holds, and
the server's writes stall."""

WARM = 5_000
"""Events that are handled before memory counts."""

PORTION = 50
"""How many messages a channel is asked for at a time."""


class Listener:
    """Counts what one channel says.

    Args:
        channel: The channel, before its join.
        ledger: The books.
    """

    def __init__(self, channel: Channel, ledger: Ledger) -> None:
        self.channel = channel
        self.numbers = Numbers(ledger, channel.topic)
        self.delivered = 0
        self._ledger = ledger
        channel.joins.subscribe(self.numbers.restart)
        channel.events("tick").subscribe(self.numbers.see)
        channel.on("tick", self._handle)

    def _handle(self, _: object) -> None:
        self.delivered += 1

    async def ask(self, count: int) -> None:
        """Have the server say so much, and see that all of it is there."""
        said = 0
        for _ in range(0, count, PORTION):
            said = await self.channel.push("count", PORTION, timeout=60)
        if self.numbers.seen != said:
            seen = self.numbers.seen
            self._ledger.breach(f"{self.channel.topic}: {seen} of {said} arrived")
        self._ledger.settle(self.channel.topic, self.numbers.seen, self.delivered)


async def ask(
    listeners: Sequence[Listener], messages: int, told: Callable[[int], None]
) -> None:
    """Have the server say so many messages, spread evenly.

    Args:
        listeners: Who hears them.
        messages: How many.
        told: Called with how many there were so far, now and then.
    """
    share = messages // len(listeners)
    waiting, done = iter(listeners), 0

    async def work() -> None:
        nonlocal done
        for listener in waiting:
            await listener.ask(share)
            done += share
            told(done)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def in_portions(sockets: Iterable[Socket]) -> Iterable[Sequence[Socket]]:
    """A hundred at a time."""
    waiting = iter(sockets)
    return iter(lambda: tuple(islice(waiting, AT_ONCE)), ())


@asynccontextmanager
async def many_sockets(
    url: str, count: int, ledger: Ledger
) -> AsyncGenerator[Sequence[Listener]]:
    """So many sockets, each with a channel that is joined."""
    sockets = [Socket(url, timeout=60) for _ in range(count)]
    async with AsyncExitStack() as stack:
        for portion in in_portions(sockets):
            await asyncio.gather(*map(stack.enter_async_context, portion))
        listeners = [
            Listener(socket.channel(f"room:{number}"), ledger)
            for number, socket in enumerate(sockets)
        ]
        for join in [listener.channel.join() for listener in listeners]:
            await join
        ledger.happened["sockets opened"] += count
        yield listeners


@asynccontextmanager
async def many_channels(
    url: str, count: int, ledger: Ledger
) -> AsyncGenerator[Sequence[Listener]]:
    """One socket, with so many channels that are joined."""
    async with Socket(url, timeout=60) as socket:
        listeners = [
            Listener(socket.channel(f"room:{number}"), ledger)
            for number in range(count)
        ]
        for join in [listener.channel.join() for listener in listeners]:
            await join
        ledger.happened["sockets opened"] += 1
        yield listeners


class Witness:
    """Watches a client whose consumer is slow.

    Args:
        ledger: The books.
        numbers: The numbers of the events that were handled.
    """

    def __init__(self, ledger: Ledger, numbers: Numbers) -> None:
        self._ledger = ledger
        self._numbers = numbers
        self._process = psutil.Process()
        self._first: int | None = None

    def see(self, event: object) -> None:
        """Count heartbeats; nothing may end the connection."""
        if isinstance(event, HeartbeatAnswered):
            self._ledger.happened["heartbeats answered beside a slow consumer"] += 1
        if isinstance(event, HeartbeatMissed | Closed):
            self._ledger.breach(f"{event} while a consumer was slow")

    def measure(self, stats: SocketStats) -> None:
        """Compare the memory with what it was soon after the start."""
        happened = self._ledger.happened
        happened["pauses for a slow consumer"] = stats.pauses
        if self._numbers.seen > WARM:
            memory = self._process.memory_info().rss
            self._first = self._first or memory
            name = "bytes more while a consumer was slow"
            happened[name] = max(happened[name], memory - self._first)

    def conclude(self, count: int) -> None:
        """Compare what was handled with what was sent."""
        seen = self._numbers.seen
        if seen != count:
            self._ledger.breach(f"{seen} of {count} were handled by a slow consumer")
        growth = self._ledger.happened["bytes more while a consumer was slow"]
        if growth > LIMITS["memory"]:
            self._ledger.breach(f"{growth:,} bytes more while a consumer was slow")


async def consume_slowly(
    url: str, count: int, ledger: Ledger, told: Callable[[int], None]
) -> None:
    """Have a consumer of a millisecond handle each event of a server that is faster.

    Args:
        url: The endpoint.
        count: How many events.
        ledger: The books.
        told: Called with how many there were so far, now and then.
    """
    async with Socket(url, timeout=60) as socket:
        channel = socket.channel("room:slow", {"padding": PADDING})
        numbers = Numbers(ledger, channel.topic)
        witness = Witness(ledger, numbers)
        await channel.join()

        async def handle(payload: dict[str, int]) -> None:
            await asyncio.sleep(0.001)
            numbers.see(payload)

        watching = socket.lifecycle.subscribe(witness.see)
        measuring = socket.stats.subscribe(witness.measure)
        consuming = for_each(channel.events("tick"), handle, overflow="wait")
        for asked in range(0, count, AT_ONCE):
            channel.cast("count", min(AT_ONCE, count - asked))
            while numbers.seen < asked - AHEAD:  # noqa: ASYNC110 - it grows by itself
                await asyncio.sleep(0.05)
            told(numbers.seen)
        before = -1
        while before < numbers.seen < count:
            before = numbers.seen
            await asyncio.sleep(5)
        watching.dispose()
        measuring.dispose()
        consuming.cancel()
        witness.conclude(count)
        ledger.settle(channel.topic, numbers.seen, numbers.seen)
        ledger.happened["sockets opened"] += 1
