"""All that is used of aiohttp beyond its documentation.

aiohttp makes the handshake's request, and its reader and writer of frames parse, mask,
inflate and deflate. They stand here between a connection of aiohttp's and one of ours,
without the queue, future and coroutine that its own WebSocket spends on each frame.
"""

from asyncio import Future, Transport
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from hashlib import sha1
from http import HTTPStatus
from os import urandom
from typing import Any, NamedTuple

from aiohttp import ClientResponse, WSMsgType, WSServerHandshakeError
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http import (
    WS_KEY,
    WebSocketError,
    WebSocketReader,
    WebSocketWriter,
    WSMessage,
    ws_ext_gen,
    ws_ext_parse,
)

from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._transport.kernel_buffer import limit_unsent
from rx_phoenix._transport.outlet import Outlet

__all__ = [
    "Compression",
    "FrameError",
    "FrameReader",
    "FrameWriter",
    "Network",
    "Upgrade",
]

FrameError = WebSocketError
"""A violation of the protocol: a close code, and a text."""

TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY
PING, PONG, CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE

OVERHEAD = 128
"""Bytes that aiohttp's queue counts for a message besides its own."""

QUEUE_LIMIT = 1024 * 1024
"""Bytes of parsed messages, of which aiohttp's reader lets twice as many pile up.

It parses the rest of a read once those are delivered, so that a small read cannot
inflate into any amount of memory at once.
"""

REASON_SIZE = 123
"""Bytes of the longest reason of a close frame (RFC 6455, 5.5)."""


class Compression(NamedTuple):
    """The agreement on permessage-deflate.

    Attributes:
        bits: The window bits; 0 for no compression.
        no_takeover: True if each message is compressed by itself.
    """

    bits: int = 0
    no_takeover: bool = False


class Upgrade:
    """The request of a WebSocket handshake, and the check of its answer.

    Args:
        headers: Headers of the caller's.
        protocols: The subprotocols to offer.
        compress: The window bits to offer, or 0.

    Attributes:
        headers: All headers of the request.
    """

    def __init__(
        self, headers: Mapping[str, str], protocols: Sequence[str], compress: int
    ) -> None:
        self._key = b64encode(urandom(16))
        self._compress = compress
        ours = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": self._key.decode(),
        }
        if protocols:
            ours["Sec-WebSocket-Protocol"] = ",".join(protocols)
        if compress:
            ours["Sec-WebSocket-Extensions"] = ws_ext_gen(compress=compress)
        names = {name.lower() for name in ours}
        theirs = {name: headers[name] for name in headers if name.lower() not in names}
        self.headers = theirs | ours

    def check(self, response: ClientResponse) -> Compression:
        """Return what a server agreed to.

        Raises:
            WSServerHandshakeError: The answer is not an upgrade to this request.
        """
        accept = b64encode(sha1(self._key + WS_KEY).digest()).decode()  # noqa: S324 - RFC 6455, 4.2.2
        headers = response.headers
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            raise refusal(response, "not an upgrade")
        if headers.get("Upgrade", "").lower() != "websocket":
            raise refusal(response, "the header Upgrade is not 'websocket'")
        if headers.get("Connection", "").lower() != "upgrade":
            raise refusal(response, "the header Connection is not 'upgrade'")
        if headers.get("Sec-WebSocket-Accept", "") != accept:
            raise refusal(response, "the header Sec-WebSocket-Accept does not match")
        extensions = headers.get("Sec-WebSocket-Extensions")
        if not (self._compress and extensions):
            return Compression()
        try:
            return Compression(*ws_ext_parse(extensions))
        except ISOLATED as error:
            raise refusal(response, str(error)) from contained(error)


def refusal(response: ClientResponse, message: str) -> WSServerHandshakeError:
    """Return the error of an answer that does not open a WebSocket."""
    return WSServerHandshakeError(
        response.request_info,
        response.history,
        message=message,
        status=response.status,
        headers=response.headers,
    )


class Network:
    """The connection behind a response, taken over from aiohttp.

    Args:
        response: The answer that accepted the upgrade.

    Attributes:
        transport: The transport of asyncio's.
    """

    def __init__(self, response: ClientResponse) -> None:
        connection = response.connection
        protocol = connection and connection.protocol
        if connection is None or protocol is None or protocol.transport is None:
            raise ConnectionResetError("the connection was lost after the handshake")
        # No answer is due any more, so its timeout would only cut an idle connection.
        protocol.read_timeout = None
        self.transport: Transport = protocol.transport
        limit_unsent(self.transport.get_extra_info("socket"))
        self._connection = connection
        self._protocol = protocol
        # Else the answer, its headers and the parser of HTTP would live on with it.
        answer: Any = response
        handler: Any = protocol
        answer._connection = handler._parser = None  # noqa: SLF001

    @property
    def is_full(self) -> bool:
        """True if the network asks for nothing more to be written."""
        return self._protocol.writing_paused

    def when_writable(self, call: Callable[[], None]) -> None:
        """Call a function once it is no longer full, or has ended."""
        protocol: Any = self._protocol
        if protocol._drain_waiter is None:  # noqa: SLF001
            protocol._drain_waiter = protocol._loop.create_future()  # noqa: SLF001

        def done(waiter: Future[None]) -> None:
            retrieve(waiter)
            call()

        protocol._drain_waiter.add_done_callback(done)  # noqa: SLF001

    @property
    def error(self) -> BaseException | None:
        """The reason of the network's end, once it has ended."""
        return self._protocol.exception()

    def attach(self, reader: "FrameReader") -> None:
        """Give a reader all bytes from now on, and those that are here already."""
        self._protocol.set_parser(reader, reader.queue)

    def pause(self) -> None:
        """Stop reading."""
        self._protocol.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        self._protocol.resume_reading()

    def release(self) -> None:
        """Close it, and drop what the network does not take within a turn."""
        loop = self._protocol._loop  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        if not loop.is_closed():
            self._connection.close()
            # Else a peer that does not read would keep the descriptor for as long.
            loop.call_soon(self.abort)

    def abort(self) -> None:
        """Drop it at once, and what it has not taken; do nothing once it has ended."""
        # asyncio's transport raises if it has ended by writing its last bytes.
        ended = self._protocol.closed
        if ended is not None and not ended.done():
            ended.add_done_callback(retrieve)
            self.transport.abort()


def retrieve(waiter: Future[None]) -> None:
    """Look at a waiter's exception: asyncio logs one that nothing looks at.

    The network's end is reported elsewhere.
    """
    waiter.exception()


class FlowControl:
    """Stands in for aiohttp's protocol: its reader and writer have nothing to wait for.

    Reading is paused by `Network.pause` alone, and an `Outlet` takes every frame.
    """

    __slots__ = ()

    _paused = False
    _reading_paused = False

    def pause_reading(self) -> None:
        """Do nothing: what a read brought is delivered before the next."""

    def resume_reading(self) -> None:
        """Do nothing: reading was not paused."""


FLOW_CONTROL: Any = FlowControl()


class FrameReader:
    """Parses each read of the network with aiohttp's reader, and delivers it.

    Args:
        deliver: Called with the frames of a read, text as bytes.
        pinged: Called with the data of each ping.
        closed: Called with code and reason of the peer's close; nothing follows it.
        failed: Called when the peer has violated the protocol; nothing follows it.
        cut: Called at the end of the network.
        max_size: Bytes of the largest message.
        compression: What was agreed on.

    Attributes:
        queue: aiohttp's queue, into which its reader parses.
        bytes_received: The bytes received so far.
    """

    def __init__(  # noqa: PLR0913 - whatever is read has a name
        self,
        *,
        deliver: Callable[[list[Frame]], None],
        pinged: Callable[[bytes], None],
        closed: Callable[[int, str], None],
        failed: Callable[[BaseException], None],
        cut: Callable[[], None],
        max_size: int,
        compression: Compression,
    ) -> None:
        loop: Any = None  # only for a waiter, and this queue is never waited for
        self.queue = WebSocketDataQueue(FLOW_CONTROL, QUEUE_LIMIT, loop=loop)
        self.bytes_received = 0
        self._deliver = deliver
        self._pinged = pinged
        self._closed = closed
        self._failed = failed
        self._cut = cut
        self._reader = WebSocketReader(
            self.queue, max_size, compress=bool(compression.bits), decode_text=False
        )
        self._parse = self._reader.feed_data
        queue: Any = self.queue
        # Freed at once, large frames would go back to the system, and cost thrice.
        self._last: list[Frame] = []
        self._messages: deque[tuple[Any, int]] = queue._buffer  # noqa: SLF001

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take the bytes of one read.

        Returns:
            True once no more is to come, and no rest.
        """
        self.bytes_received += len(data)
        self._parse(data)
        messages = self._messages
        while messages:
            frames = [
                content
                for (kind, content, _), _ in messages
                if kind is TEXT or kind is BINARY
            ]
            if len(frames) == len(messages):
                messages.clear()
                self._deliver(frames)
                self._last = frames
            else:
                self._deliver_mixed()
            self._reset_size()
        error = self.queue.exception()
        if error is None:
            return False, b""
        self._failed(error)
        return True, b""

    def feed_eof(self) -> None:
        """Take the end of the network."""
        self._cut()

    def _deliver_mixed(self) -> None:
        """Deliver messages among which are pings, pongs or a close."""
        mixed = [message for message, _ in self._messages]
        self._messages.clear()
        frames: list[Frame] = []
        close: WSMessage | None = None
        for message in mixed:
            kind = message.type
            if kind is TEXT or kind is BINARY:
                frames.append(message.data)
            elif kind is PING:
                self._pinged(bytes(message.data))
            elif kind is CLOSE:
                close = message
                break
        if frames:
            self._deliver(frames)
        if close is not None:
            self._closed(int(close.data), close.extra or "")

    def _reset_size(self) -> None:
        """Have the queue count from 0 again, which a reader that stalled waits for."""
        queue: Any = self.queue
        size: int = queue._size  # noqa: SLF001
        if size > QUEUE_LIMIT:
            self._messages.append((None, size - OVERHEAD))
            run(queue.read())


class FrameWriter:
    """Writes frames with aiohttp's writer.

    Args:
        outlet: Takes the frames.
        compression: What was agreed on.
    """

    def __init__(self, outlet: Outlet, compression: Compression) -> None:
        transport: Any = outlet
        self._writer = WebSocketWriter(
            FLOW_CONTROL,
            transport,
            use_mask=True,
            compress=compression.bits,
            notakeover=compression.no_takeover,
        )
        writer: Any = self._writer
        # What `send_frame` ends in, without a coroutine for each frame. Nor may a
        # large one be deflated in a thread: it would be overtaken.
        self._write: Callable[[bytes, WSMsgType, int], None] = (
            writer._send_compressed_frame_sync  # noqa: SLF001
            if compression.bits
            else writer._write_websocket_frame  # noqa: SLF001
        )

    def send(self, frame: Frame) -> None:
        """Write a frame, `str` as text."""
        if isinstance(frame, str):
            self._write(frame.encode(), TEXT, 0)
        else:
            self._write(frame, BINARY, 0)

    def pong(self, data: bytes) -> None:
        """Answer a ping."""
        run(self._writer.send_frame(data, PONG))

    def close(self, code: int, reason: str) -> None:
        """Write a close frame, with as much of the reason as fits."""
        text = reason.encode()[:REASON_SIZE].decode(errors="ignore")
        run(self._writer.close(code, text))


def run(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("this version of aiohttp is not supported: its writer waits")
