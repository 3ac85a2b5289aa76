"""rx_phoenix, as its users write it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from reactivex import Observable
from reactivex import operators as ops

from benchmarks.client import Client, Handler
from benchmarks.server import Order
from rx_phoenix import Channel, Presence, Socket
from rx_phoenix.operators import for_each

__all__ = ["RxPhoenix"]


class Tick(Struct):
    """The payload of an event."""

    i: int
    name: str
    value: float
    tags: list[str]


def is_tick(payload: Any) -> bool:
    """What a filter asks."""
    return "i" in payload


def number_of(payload: Any) -> int:
    """What a map makes."""
    return payload["i"]


class RxPhoenix(Client):
    """A socket and its channels."""

    async def open(self) -> None:
        """Connect."""
        self.socket = Socket(self.url, heartbeat=None, send_buffer=100_000)
        await self.socket.connect()
        self.presences: list[Presence] = []

    async def close(self) -> None:
        """Disconnect."""
        await self.socket.aclose()

    async def join(self, topics: Sequence[str]) -> None:
        """Join all, then wait for each."""
        pushes = [self.channel(topic).join() for topic in topics]
        for push in pushes:
            await push

    def channel(self, topic: str) -> Channel:
        """The channel of a topic."""
        return self.socket.channel(topic)

    def listen(self, topic: str, event: str, handler: Handler, handling: str) -> None:
        """Subscribe."""
        if handling in {"queued", "waiting"}:
            self.listen_slowly(self.channel(topic).events(event), handler, handling)
            return
        if handling == "typed":
            events: Any = self.channel(topic).events(event, as_type=Tick)
        else:
            events = self.channel(topic).events(event)
        if handling == "operators":
            events = events.pipe(ops.filter(is_tick), ops.map(number_of))
        events.subscribe(handler)

    def listen_slowly(
        self, events: Observable[Any], handler: Handler, handling: str
    ) -> None:
        """Have a task of its own call a function with each event."""

        async def handle(payload: Any) -> None:
            handler(payload)

        if handling == "waiting":
            self.task = for_each(events, handle, overflow="wait")
        else:
            self.task = for_each(events, handle, maxsize=100_000)

    def ask(self, topic: str, order: Order) -> None:
        """Push."""
        self.channel(topic).push("go", order)

    async def push(self, topic: str, count: int, in_flight: int) -> None:
        """Await each one, or have callbacks push the next."""
        channel = self.channel(topic)
        if in_flight == 1:
            for number in range(count):
                await channel.push("echo", {"n": number})
            return
        finished = asyncio.get_running_loop().create_future()
        left, started = count, in_flight

        def answered(_: object) -> None:
            nonlocal left, started
            left -= 1
            if started < count:
                channel.push("echo", {"n": started}).receive("ok", answered)
                started += 1
            elif not left:
                finished.set_result(None)

        for number in range(in_flight):
            channel.push("echo", {"n": number}).receive("ok", answered)
        await finished

    async def exchange(self, topic: str, count: int, *, is_awaited: bool) -> None:
        """Await each answer, or have a callback push the next."""
        channel, order, left = self.channel(topic), Order(count=1), count
        if is_awaited:
            for _ in range(count):
                await channel.push("go", order)
            return
        finished = asyncio.get_running_loop().create_future()

        def answered(_: object) -> None:
            nonlocal left
            left -= 1
            if left:
                channel.push("go", order).receive("ok", answered)
            else:
                finished.set_result(None)

        channel.push("go", order).receive("ok", answered)
        await finished

    def watch_presence(self, topic: str, synced: Handler) -> None:
        """A presence, by its changes and its syncs."""
        presence = Presence(self.channel(topic))
        presence.changes.subscribe(lambda _: None)
        presence.on_sync(lambda: synced(None))
        self.presences.append(presence)
