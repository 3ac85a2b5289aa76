"""phxsocket: a thread of its own, version 1 of the protocol."""

import asyncio
from collections.abc import Sequence

import msgspec
import phxsocket

from benchmarks.client import Client, Handler, Unsupported
from benchmarks.server import Order

__all__ = ["PhxSocket"]


class PhxSocket(Client):
    """Its client; handlers run in its thread."""

    async def open(self) -> None:
        """Connect."""
        self.client = phxsocket.Client(f"{self.url}/websocket")
        await asyncio.to_thread(self.client.connect)

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.to_thread(self.client.close)

    async def join(self, topics: Sequence[str]) -> None:
        """Join each, which blocks."""
        for topic in topics:
            await asyncio.to_thread(self.client.channel(topic).join)

    def listen(self, topic: str, event: str, handler: Handler, handling: str) -> None:
        """Register a callback."""
        if handling != "plain":
            raise Unsupported
        self.client.channel(topic).on(event, handler)

    def ask(self, topic: str, order: Order) -> None:
        """Push."""
        self.client.channel(topic).push("go", msgspec.to_builtins(order))

    async def push(self, topic: str, count: int, in_flight: int) -> None:
        """Push the next one from the callback of one before."""
        loop, finished = asyncio.get_running_loop(), asyncio.Event()
        channel = self.client.channel(topic)
        left, started = count, in_flight

        def answered(_: object) -> None:
            nonlocal left, started
            left -= 1
            if started < count:
                channel.push("echo", {"n": started}, answered)
                started += 1
            elif not left:
                loop.call_soon_threadsafe(finished.set)

        for number in range(in_flight):
            channel.push("echo", {"n": number}, answered)
        await finished.wait()
