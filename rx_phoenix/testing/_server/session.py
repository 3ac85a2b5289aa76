"""One client's session: what a transport process is on the BEAM."""

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

__all__ = ["CloseCode", "Router", "Session"]

CRASH = {"reason": "channel_crash"}
UNMATCHED = {"reason": "unmatched topic"}
TOO_MANY = {"reason": "too many channels joined"}

TURNS = 500
"""How many things a session does before it lets others run, though it has more."""

PATIENCE = 0.25
"""Seconds in which channels may handle what came before the end of their session."""


class CloseCode(IntEnum):
    """Why a WebSocket is closed, in the numbers of Bandit."""

    NORMAL = 1000  # the client closed; or the server stops, and it had no channel
    GOING_AWAY = 1001  # the application disconnected the client
    IDLE = 1002  # the client was silent for too long
    INTERNAL_ERROR = 1011  # the client sent what is no message
    RESTART = 1012  # the server stops, and the client had a channel


class Router(Protocol):
    """The way to one client: a WebSocket, or the buffer of a long poll."""

    async def send(self, frame: Frame) -> None:
        """Send a frame.

        Raises:
            ConnectionError: The client is gone.
        """
        ...

    async def close(self, code: CloseCode) -> None:
        """Say why the session ended, and end the connection."""
        ...

    def abort(self) -> None:
        """End the connection at once, without a word."""
        ...


class Received(NamedTuple):
    """The client sent something; `handled` ends when it has been dealt with."""

    data: str | bytes
    handled: asyncio.Future[None] | None


class ChannelEnded(NamedTuple):
    """A channel is no more."""

    process: ChannelProcess
    is_clean: bool


class Ended(NamedTuple):
    """The session shall end: with a close code, or None when the client is gone."""

    code: CloseCode | None


Item = Received | Frame | ChannelEnded | Ended
"""What comes to a session: from its client, for its client, from its channels."""


class Session:
    """Handles what its client sends and what its channels say, in order of arrival.

    A join holds up everything behind it, as a join on the BEAM holds its transport
    process.

    Args:
        wire: The way to the client.
        socket: What is known of the client.
        endpoint: What all clients share.
        channels: The channels that can be joined, by pattern.
        max_channels: How many of them at a time; None for any number.

    Attributes:
        socket: What is known of the client.
        endpoint: What all clients share.
    """

    def __init__(
        self,
        wire: Router,
        socket: ServerSocket,
        endpoint: Endpoint,
        channels: Mapping[str, ChannelFactory],
        max_channels: int | None,
    ) -> None:
        self.socket = socket
        self.endpoint = endpoint
        self._wire = wire
        self._factories = channels
        self._max_channels = max_channels
        self._inbox: asyncio.Queue[Item] = asyncio.Queue()
        self._turn = 0
        self._channels: dict[str, ChannelProcess] = {}
        self._joining: ChannelProcess | None = None

    @property
    def is_joining(self) -> bool:
        """Whether a join holds everything up."""
        return self._joining is not None

    async def run(self) -> None:
        """Live until the client is gone or the session has a reason to end."""
        try:
            with suppress(ConnectionError):  # the client went away while we wrote
                code = await self._serve()
                self.endpoint.sessions.discard(self)  # before the client hears of it
                if code is not None:
                    await self._wire.close(code)
        finally:
            self.endpoint.sessions.discard(self)
            await self._end_channels()

    def receive(
        self, data: str | bytes, handled: asyncio.Future[None] | None = None
    ) -> None:
        """Take what the client sent: a text, or the bytes of a binary frame.

        Args:
            data: What it sent.
            handled: Gets its result when this has been dealt with; never, when the
                session ends before or because of it.
        """
        self._inbox.put_nowait(Received(data, handled))

    def deliver(self, frame: Frame) -> None:
        """Send a frame to the client, after what waits already."""
        self._inbox.put_nowait(frame)

    def channel_ended(self, process: ChannelProcess, *, is_clean: bool) -> None:
        """Take note that a channel is no more, and tell the client."""
        self._inbox.put_nowait(ChannelEnded(process, is_clean))

    def end(self, code: CloseCode | None) -> None:
        """End after what waits already; with None, the client is gone."""
        self._inbox.put_nowait(Ended(code))

    def disconnect(self) -> None:
        """End as Phoenix ends the sockets of an id."""
        self.end(CloseCode.GOING_AWAY)

    def stop(self) -> None:
        """End now, for the server stops: nothing that waits is dealt with any more."""
        while not self._inbox.empty():
            self._inbox.get_nowait()
        self.end(CloseCode.RESTART if self._channels else CloseCode.NORMAL)
        if self._joining is not None:
            self._joining.cancel()

    def kill(self) -> None:
        """End at once, without a close frame."""
        self._wire.abort()
        self.end(None)

    async def _serve(self) -> CloseCode | None:
        """Deal with one thing after another, until one is the end."""
        try:
            while not isinstance(item := await self._next(), Ended):
                await self._deal_with(item)
        except FrameError:
            return CloseCode.INTERNAL_ERROR
        return item.code

    async def _next(self) -> Item:
        self._turn += 1
        if self._turn % TURNS == 0:
            await asyncio.sleep(0)  # others want to live as well
        return await self._inbox.get()

    async def _deal_with(self, item: Received | Frame | ChannelEnded) -> None:
        match item:
            case Received(data, handled):
                await self._handle(self.socket.serializer.decode(data))
                if handled is not None and not handled.done():
                    handled.set_result(None)
            case Frame():
                await self._wire.send(item)
            case ChannelEnded(process, is_clean):
                await self._forget(process, is_clean=is_clean)

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
            # Any other is stale: ignored without a word since Phoenix 1.8.3.
            deliver = process.leave if event == "phx_leave" else process.handle_in
            deliver(message)

    async def _join(self, message: Message, old: ChannelProcess | None) -> None:
        """Start a channel, and wait for it; one that was there gives way."""
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
            await self._wire.send(joined.frame)

    async def _replace(self, process: ChannelProcess) -> None:
        """End a channel that is joined anew: its close comes after the new answer."""
        del self._channels[process.topic]
        await asyncio.wait([process.cancel()])
        self.deliver(self._farewell(process, is_clean=True))

    async def _forget(self, process: ChannelProcess, *, is_clean: bool) -> None:
        """Tell the client that a channel ended, if that is still the channel."""
        if self._channels.get(process.topic) is process:
            del self._channels[process.topic]
            await self._wire.send(self._farewell(process, is_clean=is_clean))

    def _farewell(self, process: ChannelProcess, *, is_clean: bool) -> Frame:
        ref = process.join_ref
        event, payload = ("phx_close", EMPTY) if is_clean else ("phx_error", CRASH)
        message = Message(ref, ref, process.topic, event, payload)
        return self.socket.serializer.encode(message)

    async def _reply(
        self, join_ref: object, message: Message, status: str, response: object
    ) -> None:
        reply = Reply(join_ref, message.ref, message.topic, status, response)
        await self._wire.send(self.socket.serializer.encode_reply(reply))

    async def _end_channels(self) -> None:
        processes = [*self._channels.values()]
        if self._joining is not None:
            processes.append(self._joining)
        if processes:
            # What was pushed before the end is handled, if it does not take for ever.
            ends = [process.end() for process in processes]
            await asyncio.wait(ends, timeout=PATIENCE)
            await asyncio.wait([process.cancel() for process in processes])
