"""Two clients that echo what a fuzzing server sends: ours, and aiohttp's own."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession, ClientWSTimeout, WSMsgType
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http import WebSocketReader

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._transport.aiohttp_frames import FlowControl, Network
from rx_phoenix._transport.contract import Connection
from rx_phoenix._transport.websocket import WebSocketConnection, WebSocketTransport

__all__ = ["CLIENTS", "Client"]

Client = Callable[[str, int], Awaitable[None]]
"""Echoes over one connection until its end, with window bits or 0."""

MAX_SIZE = 64 * 1024 * 1024
INVALID_TEXT = 1007


async def ours(url: str, compress: int) -> None:
    """Echo over a `WebSocketTransport`."""
    ended = asyncio.get_running_loop().create_future()

    def end(error: Exception | None = None) -> None:  # noqa: ARG001 - an end is an end
        if not ended.done():
            ended.set_result(None)

    transport = WebSocketTransport(compress=compress, max_frame_size=MAX_SIZE)
    transport.connect(Case(url=url)).subscribe(echo, end, end)
    await ended


class Case(Endpoint, frozen=True):
    """The URL of a case, to which nothing is added."""

    def address(self, transport: str) -> str:  # noqa: ARG002 - there is one
        """Return the URL as it is."""
        return self.url


def echo(connection: Connection) -> None:
    """Send back each frame as what it came: text as text."""
    assert isinstance(connection, WebSocketConnection)  # noqa: S101
    kinds = Kinds(connection)

    def receive(batch: Sequence[Frame]) -> None:
        for frame in batch:
            if kinds.next() is WSMsgType.BINARY:
                connection.send(frame)
                continue
            assert isinstance(frame, bytes)  # noqa: S101
            try:
                connection.send(frame.decode())
            except UnicodeDecodeError:
                # What reads the frames of a socket is to refuse them: see msgspec.
                connection.close(INVALID_TEXT)
                return

    connection.batches.subscribe(receive)


class Kinds:
    """Keeps which messages are text, which a connection leaves to its serializer.

    It reads the same bytes once more, ahead of the connection.
    """

    def __init__(self, connection: Any) -> None:
        stand_in: Any = FlowControl()
        loop: Any = None
        network: Network = connection._network  # noqa: SLF001
        self._queue: Any = WebSocketDataQueue(stand_in, 2**30, loop=loop)
        is_compressed = bool(connection._writer._writer.compress)  # noqa: SLF001
        self._reader = WebSocketReader(
            self._queue, MAX_SIZE, compress=is_compressed, decode_text=False
        )
        self._kinds: deque[WSMsgType] = deque()
        self._connection = connection
        attach = network.attach

        def attach_self(reader: Any) -> None:
            feed = reader.feed_data

            def feed_both(data: bytes) -> tuple[bool, bytes]:
                self._note(data)
                return feed(data)

            reader.feed_data = feed_both
            attach(reader)

        network.attach = attach_self

    def next(self) -> WSMsgType:
        """The kind of the next message."""
        return self._kinds.popleft()

    def _note(self, data: bytes) -> None:
        self._reader.feed_data(data)
        for message, _ in self._queue._buffer:  # noqa: SLF001
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                self._kinds.append(message.type)
        self._queue._buffer.clear()  # noqa: SLF001


async def aiohttps(url: str, compress: int) -> None:
    """Echo over a WebSocket of aiohttp's."""
    timeout = ClientWSTimeout(ws_close=2.0)  # pyright: ignore[reportCallIssue] - attrs hides its arguments
    async with ClientSession() as session:
        try:
            async with session.ws_connect(
                url, compress=compress, max_msg_size=MAX_SIZE, timeout=timeout
            ) as websocket:
                async for message in websocket:
                    if message.type is WSMsgType.TEXT:
                        await websocket.send_str(message.data)
                    elif message.type is WSMsgType.BINARY:
                        await websocket.send_bytes(message.data)
        except ClientError:
            return


CLIENTS: dict[str, Client] = {"rx_phoenix": ours, "aiohttp": aiohttps}
