"""The session of one client; a transport process on the BEAM."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from enum import IntEnum
from typing import NamedTuple, Protocol

from rx_phoenix.testing._server.codec import (
    Frame,
    FrameError,
    Message,
    Reply,
)
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.process import EMPTY, ChannelProcess
from rx_phoenix.testing._server.routes import ChannelFactory, route
from rx_phoenix.testing._server.socket import ServerSocket

__all__ = ["ClientConnection", "CloseCode", "Session"]

CRASH = {"reason": "channel_crash"}
UNMATCHED = {"reason": "unmatched topic"}
TOO_MANY = {"reason": "too many channels joined"}

TURNS = 500
"""The number of items that a session handles before it yields to other tasks."""

DRAIN_TIMEOUT = 0.25
"""Seconds that channels have to drain their mailboxes when the session ends."""


class CloseCode(IntEnum):
    """The close codes of a WebSocket, as Bandit uses them."""

    NORMAL = 1000  # the client closed; or the server stops, and it had no channel
    GOING_AWAY = 1001  # the application disconnected the client
    IDLE = 1002  # the client was silent for too long
    TOO_BIG = 1009  # the client's message was inflated by too much
    INTERNAL_ERROR = 1011  # the client sent an invalid frame
    RESTART = 1012  # the server stops, and the client had a channel


class ClientConnection(Protocol):
    """The connection to one client: a WebSocket, or the buffer of a long poll."""

    async def send(self, frame: Frame) -> None:
        """Send a frame.

        Raises:
            ConnectionError: The client is gone.
        """
        ...

    async def close(self, code: CloseCode) -> None:
        """Close the connection with a code."""
        ...

    def abort(self) -> None:
        """Abort the connection."""
        ...


class Received(NamedTuple):
    """A frame of the client; `handled` is set once it has been handled."""

    data: str | bytes
    handled: asyncio.Future[None] | None


class ChannelEnded(NamedTuple):
    """A channel ended."""

    process: ChannelProcess
    is_clean: bool


class Ended(NamedTuple):
    """The session is to end: with a close code, or None if the client is gone."""

    code: CloseCode | None


Item = Received | Frame | ChannelEnded | Ended
"""An item of a session's inbox: from its client, for its client, or of a channel."""


class Session:
    """The session of a client; handles frames and events in order of arrival.

    A join blocks all items after it, as a join on the BEAM blocks its transport
    process.

    Args:
        connection: The connection to the client.
        socket: The client.
        endpoint: The state shared by all clients.
        channels: The channels by pattern.
        max_channels: The most channels joined at a time; None for no limit.

    Attributes:
        socket: The client.
        endpoint: The state shared by all clients.
    """

    def __init__(
        self,
        connection: ClientConnection,
        socket: ServerSocket,
        endpoint: Endpoint,
        channels: Mapping[str, ChannelFactory],
        max_channels: int | None,
    ) -> None:
        self.socket = socket
        self.endpoint = endpoint
        self._connection = connection
        self._factories = channels
        self._max_channels = max_channels
        self._inbox: asyncio.Queue[Item] = asyncio.Queue()
        self._turn = 0
        self._channels: dict[str, ChannelProcess] = {}
        self._joining: ChannelProcess | None = None

    @property
    def is_joining(self) -> bool:
        """True while a join blocks the inbox."""
        return self._joining is not None

    async def run(self) -> None:
        """Handle items until the client is gone or the session ends."""
        try:
            with suppress(ConnectionError):  # the client left during a write
                code = await self._serve()
                self.endpoint.sessions.discard(self)  # before the client sees the close
                if code is not None:
                    await self._connection.close(code)
        finally:
            self.endpoint.sessions.discard(self)
            await self._end_channels()

    def receive(
        self, data: str | bytes, handled: asyncio.Future[None] | None = None
    ) -> None:
        """Queue a text or binary frame of the client.

        Args:
            data: The frame.
            handled: A future that is resolved once the frame has been handled; never
                if the session ends before or because of it.
        """
        self._inbox.put_nowait(Received(data, handled))

    def deliver(self, frame: Frame) -> None:
        """Send a frame to the client, after those that are queued."""
        self._inbox.put_nowait(frame)

    def channel_ended(self, process: ChannelProcess, *, is_clean: bool) -> None:
        """Record the end of a channel and notify the client."""
        self._inbox.put_nowait(ChannelEnded(process, is_clean))

    def end(self, code: CloseCode | None) -> None:
        """End after the queued items; None means that the client is gone."""
        self._inbox.put_nowait(Ended(code))

    def disconnect(self) -> None:
        """End as Phoenix disconnects a socket id."""
        self.end(CloseCode.GOING_AWAY)

    def stop(self) -> None:
        """End because the server stops; queued items are dropped."""
        while not self._inbox.empty():
            self._inbox.get_nowait()
        self.end(CloseCode.RESTART if self._channels else CloseCode.NORMAL)
        if self._joining is not None:
            self._joining.cancel()

    def kill(self) -> None:
        """End at once, without a close frame."""
        self._connection.abort()
        self.end(None)

    async def _serve(self) -> CloseCode | None:
        """Handle one item after another until the end; return the close code."""
        try:
            while not isinstance(item := await self._next(), Ended):
                await self._process(item)
        except FrameError:
            return CloseCode.INTERNAL_ERROR
        return item.code

    async def _next(self) -> Item:
        self._turn += 1
        if self._turn % TURNS == 0:
            await asyncio.sleep(0)  # let other tasks run
        return await self._inbox.get()

    async def _process(self, item: Received | Frame | ChannelEnded) -> None:
        match item:
            case Received(data, handled):
                await self._handle(self.socket.serializer.decode(data))
                if handled is not None and not handled.done():
                    handled.set_result(None)
            case Frame():
                await self._connection.send(item)
            case ChannelEnded(process, is_clean):
                await self._remove(process, is_clean=is_clean)

    async def _handle(self, message: Message) -> None:
        join_ref, _, topic, event, _ = message
        process = self._channels.get(topic) if isinstance(topic, str) else None
        if topic == "phoenix" and event == "heartbeat":
            await self._reply(None, message, "ok", EMPTY)
        elif event == "phx_join":
            await self._join(message, process)
        elif process is None and event == "phx_leave":
            await self._reply(join_ref, message, "ok", EMPTY)
        elif process is None:
            await self._reply(None, message, "error", UNMATCHED)
        elif join_ref is None or join_ref == process.join_ref:
            # Other join_refs are stale: silently ignored since Phoenix 1.8.3.
            deliver = process.leave if event == "phx_leave" else process.handle_in
            deliver(message)

    async def _join(self, message: Message, old: ChannelProcess | None) -> None:
        """Start a channel and wait for its join; end its predecessor first."""
        if isinstance(message.payload, bytes):
            raise FrameError("the params of a join cannot be binary")
        if old is not None:
            await self._replace(old)
        factory = route(self._factories, message.topic)
        if factory is None:
            await self._reply(None, message, "error", UNMATCHED)
        elif len(self._channels) == self._max_channels:
            await self._reply(message.join_ref, message, "error", TOO_MANY)
        else:
            process = self._joining = ChannelProcess(factory, self, message)
            joined = await asyncio.shield(process.joined)
            self._joining = None
            if joined.is_ok:
                self._channels[process.topic] = process
            await self._connection.send(joined.frame)

    async def _replace(self, process: ChannelProcess) -> None:
        """End a channel that is joined again; its close follows the new reply."""
        del self._channels[process.topic]
        await asyncio.wait([process.cancel()])
        self.deliver(self._end_frame(process, is_clean=True))

    async def _remove(self, process: ChannelProcess, *, is_clean: bool) -> None:
        """Remove an ended channel and notify the client, unless it was replaced."""
        if self._channels.get(process.topic) is process:
            del self._channels[process.topic]
            await self._connection.send(self._end_frame(process, is_clean=is_clean))

    def _end_frame(self, process: ChannelProcess, *, is_clean: bool) -> Frame:
        ref = process.join_ref
        event, payload = ("phx_close", EMPTY) if is_clean else ("phx_error", CRASH)
        message = Message(ref, ref, process.topic, event, payload)
        return self.socket.serializer.encode(message)

    async def _reply(
        self, join_ref: object, message: Message, status: str, response: object
    ) -> None:
        reply = Reply(join_ref, message.ref, message.topic, status, response)
        await self._connection.send(self.socket.serializer.encode_reply(reply))

    async def _end_channels(self) -> None:
        processes = [*self._channels.values()]
        if self._joining is not None:
            processes.append(self._joining)
        if processes:
            # Pushes from before the end are handled, within the timeout.
            ends = [process.end() for process in processes]
            await asyncio.wait(ends, timeout=DRAIN_TIMEOUT)
            await asyncio.wait([process.cancel() for process in processes])
