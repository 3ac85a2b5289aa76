"""The floor: aiohttp reading, one decoder, and nothing on top.

No routing, no matching of replies, no timers: what is left if one writes a loop for
exactly one benchmark.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from aiohttp import ClientSession, WSMsgType

from benchmarks.client import Client, Handler, Unsupported
from benchmarks.server import Order
from rx_phoenix._transport.aiohttp_frames import Compression, FrameReader, Network

__all__ = ["Floor", "WithJson", "WithMsgspec", "WithoutQueue"]


class Floor(Client):
    """A WebSocket, read in a loop.

    Args:
        url: The endpoint.
        decode: Reads a frame.
        encode: Writes one.
        decode_text: Whether aiohttp makes text of a text frame.
    """

    def __init__(
        self,
        url: str,
        decode: Callable[[Any], Any],
        encode: Callable[[Any], str],
        *,
        decode_text: bool,
    ) -> None:
        super().__init__(url)
        self.decode = decode
        self.encode = encode
        self.decode_text = decode_text

    async def open(self) -> None:
        """Connect."""
        self.session = ClientSession()
        self.ws = await self.session.ws_connect(
            f"{self.url}/websocket?vsn=2.0.0",
            decode_text=self.decode_text,
            max_msg_size=0,
        )
        self.handler: Handler | None = None
        self.heard: set[tuple[str, str]] = set()
        self.reading: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Disconnect."""
        if self.reading is not None:
            self.reading.cancel()
        await self.ws.close()
        await self.session.close()

    async def join(self, topics: Sequence[str]) -> None:
        """Send all, then read as many answers."""
        for number, topic in enumerate(topics):
            ref = str(number)
            await self.ws.send_str(self.encode([ref, ref, topic, "phx_join", {}]))
        for _ in topics:
            self.decode((await self.ws.receive()).data)

    def listen(self, topic: str, event: str, handler: Handler, handling: str) -> None:
        """Call this one for every event, as it comes off the wire."""
        if handling == "binary" or (topic, event) in self.heard:
            raise Unsupported
        self.heard.add((topic, event))
        self.handler = handler

    def ask(self, topic: str, order: Order) -> None:
        """Push, and read what comes of it."""
        self.reading = asyncio.ensure_future(self.read(topic, order))

    async def read(self, topic: str, order: Order) -> None:
        """The loop."""
        handler, decode, receive = self.handler, self.decode, self.ws.receive
        assert handler is not None
        order_of = msgspec.to_builtins(order)
        await self.ws.send_str(self.encode(["1", "1", topic, "go", order_of]))
        await receive()
        for _ in range(order.count):
            message = await receive()
            if message.type is WSMsgType.CLOSED:
                break
            handler(decode(message.data)[4])

    async def push(self, topic: str, count: int, in_flight: int) -> None:
        """Keep so many in flight."""
        encode, decode = self.encode, self.decode
        send, receive = self.ws.send_str, self.ws.receive
        for number in range(in_flight):
            await send(encode(["1", str(number), topic, "echo", {"n": number}]))
        for number in range(in_flight, count + in_flight):
            decode((await receive()).data)
            if number < count:
                await send(encode(["1", str(number), topic, "echo", {"n": number}]))


class WithMsgspec(Floor):
    """By msgspec, from the bytes of the frame."""

    def __init__(self, url: str) -> None:
        encode = msgspec.json.Encoder().encode
        super().__init__(
            url,
            msgspec.json.Decoder().decode,
            lambda message: encode(message).decode(),
            decode_text=False,
        )


class WithoutQueue(WithMsgspec):
    """By msgspec, each read of the network at once: no queue, no coroutine a frame.

    What aiohttp's reader and msgspec cost by themselves. It only receives.
    """

    async def open(self) -> None:
        """Connect, and take the connection over."""
        await super().open()
        self.network = Network(self.ws._response)  # noqa: SLF001

    async def read(self, topic: str, order: Order) -> None:
        """Replace aiohttp's queue, and push."""
        handler, decode = self.handler, self.decode
        assert handler is not None
        is_reply = True

        def deliver(frames: list[Any]) -> None:
            nonlocal is_reply
            if is_reply:
                del frames[0]
                is_reply = False
            for frame in frames:
                handler(decode(frame)[4])

        def ignore(*_: object) -> None:
            pass

        reader = FrameReader(
            deliver=deliver,
            pinged=ignore,
            closed=ignore,
            failed=ignore,
            cut=ignore,
            max_size=0,
            compression=Compression(),
        )
        self.network.attach(reader)
        order_of = msgspec.to_builtins(order)
        await self.ws.send_str(self.encode(["1", "1", topic, "go", order_of]))

    async def close(self) -> None:
        """Disconnect without a close frame, which the server would not read."""
        self.network.release()
        await self.session.close()

    async def push(self, topic: str, count: int, in_flight: int) -> None:
        """Not measured."""
        raise Unsupported


class WithJson(Floor):
    """By the standard library."""

    def __init__(self, url: str) -> None:
        super().__init__(url, json.loads, json.dumps, decode_text=True)
