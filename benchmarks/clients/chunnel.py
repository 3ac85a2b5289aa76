"""chunnel: queues between its tasks, version 1 of the protocol."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import msgspec
from chunnel.socket import Socket

from benchmarks.client import Client, Handler, Unsupported
from benchmarks.server import Order

__all__ = ["Chunnel"]


class Chunnel(Client):
    """A socket, and a task that reads each channel."""

    async def open(self) -> None:
        """Connect."""
        self.channels = {}
        self.reading: list[asyncio.Task[None]] = []
        self.socket = Socket(f"{self.url}/websocket", {})
        with redirect_stdout(sys.stderr):  # it prints the URL
            await self.socket.connect()

    async def close(self) -> None:
        """Disconnect."""
        for task in self.reading:
            task.cancel()
        await self.socket.disconnect()

    async def join(self, topics: Sequence[str]) -> None:
        """Join all at once."""
        self.channels = {topic: self.socket.channel(topic, {}) for topic in topics}
        await asyncio.gather(*(channel.join() for channel in self.channels.values()))

    def listen(self, topic: str, event: str, handler: Handler, handling: str) -> None:
        """Read the channel, as there are no callbacks."""
        if handling != "plain":
            raise Unsupported

        async def read() -> None:
            channel = self.channels[topic]
            while True:
                message = await channel.receive()
                if message.event == event:
                    handler(message.payload)

        self.reading.append(asyncio.create_task(read()))

    def ask(self, topic: str, order: Order) -> None:
        """Push."""
        pushing = self.channels[topic].push("go", msgspec.to_builtins(order))
        self.reading.append(asyncio.create_task(pushing))

    async def push(self, topic: str, count: int, in_flight: int) -> None:
        """So many tasks, each with one push at a time."""
        channel, numbers = self.channels[topic], iter(range(count))

        async def one_after_another() -> None:
            for number in numbers:
                sent = await channel.push("echo", {"n": number})
                await sent.response()

        await asyncio.gather(*(one_after_another() for _ in range(in_flight)))
