"""The task of one channel with its mailbox and timers; a process on the BEAM."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

from rx_phoenix.testing._server.codec import Frame, Message, Reply, Serializer
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.socket import ServerSocket

__all__ = ["EMPTY", "Behaviour", "ChannelProcess", "Host", "JoinError", "Joined"]

logger = logging.getLogger("rx_phoenix.testing.server")

CRASHED = {"reason": "join crashed"}
EMPTY: dict[str, Any] = {}
"""The default payload and response."""


class JoinError(Exception):
    """Raised or returned by a channel's `join` to refuse a client.

    Args:
        reason: The response to the client: a mapping, or a string for
            ``{"reason": string}``.

    Example:
        >>> JoinError("unauthorized").response
        {'reason': 'unauthorized'}
    """

    def __init__(self, reason: Mapping[str, Any] | str) -> None:
        super().__init__(f"join refused: {reason!r}")
        self.response: Mapping[str, Any] = (
            {"reason": reason} if isinstance(reason, str) else reason
        )


class Joined(NamedTuple):
    """The outcome of a join.

    Attributes:
        is_ok: True if the channel was joined.
        frame: The reply to the client.
    """

    is_ok: bool
    frame: Frame


class Host(Protocol):
    """The session that a channel belongs to, as seen by the channel."""

    @property
    def socket(self) -> ServerSocket:
        """The client."""
        ...

    @property
    def endpoint(self) -> Endpoint:
        """The state shared by all clients."""
        ...

    def deliver(self, frame: Frame) -> None:
        """Send a frame to the client, after those that are queued."""
        ...

    def channel_ended(self, process: "ChannelProcess", *, is_clean: bool) -> None:
        """Record the end of a channel."""
        ...

    def kill(self) -> None:
        """End at once, without a close frame."""
        ...


class Behaviour(Protocol):
    """The channel that a process runs: a `ServerChannel`."""

    process: "ChannelProcess"

    @property
    def topic(self) -> str:
        """The topic that was joined."""
        ...

    def join(self, params: Any) -> object:
        """Accept a client."""
        ...

    def handle_in(self, event: str, payload: Any, ref: Any) -> object:
        """Handle a push of the client."""
        ...


class ChannelProcess:
    """One channel of one client; handles one item at a time, in order of arrival.

    Attributes:
        host: The session of the client.
        topic: The joined topic.
        join_ref: The join_ref of the join as the client sent it; may be None.
        channel_ref: The join_ref of the channel's messages; the ref of the join if
            the client sent no join_ref.
        joined: The outcome of the join.
        is_joined: True from a successful `join` until the channel ends.
    """

    def __init__(
        self, factory: Callable[[], Behaviour], host: Host, join: Message
    ) -> None:
        loop = asyncio.get_running_loop()
        self.host = host
        self.topic: str = join.topic
        self.join_ref: Any = join.join_ref
        self.channel_ref: Any = join.ref if join.join_ref is None else join.join_ref
        self.joined: asyncio.Future[Joined] = loop.create_future()
        self.is_joined: bool = False
        self._mailbox: asyncio.Queue[Message | Callable[[], object]]
        self._mailbox = asyncio.Queue()
        self._timers: set[asyncio.TimerHandle] = set()
        self._reason: str | None = None
        self._channel: Behaviour | None = None
        self._task = loop.create_task(self._run(factory, join))
        self._task.add_done_callback(partial(self._finish, join))

    @property
    def serializer(self) -> Serializer:
        """The serializer of the client's protocol."""
        return self.host.socket.serializer

    def deliver(self, frame: Frame) -> None:
        """Send a frame to the client."""
        self.host.deliver(frame)

    def post(self, call: Callable[[], object]) -> None:
        """Queue a function, sync or async, in the mailbox."""
        self._mailbox.put_nowait(call)

    def post_later(self, seconds: float, call: Callable[[], object]) -> None:
        """Post a function after a delay, unless the channel ends before."""

        def due() -> None:
            self._timers.discard(timer)
            self.post(call)

        timer = asyncio.get_running_loop().call_later(seconds, due)
        self._timers.add(timer)

    def reply(self, ref: object, status: str, response: object) -> None:
        """Reply to a message of the client."""
        reply = Reply(self.channel_ref, ref, self.topic, status, response)
        self.deliver(self.serializer.encode_reply(reply))

    def handle_in(self, message: Message) -> None:
        """Queue a push of the client in the mailbox."""
        self._mailbox.put_nowait(message)

    def leave(self, message: Message) -> None:
        """Queue the reply to the client's leave, and the end."""

        def go() -> None:
            self.reply(message.ref, "ok", EMPTY)
            self.stop("shutdown: left")

        self.post(go)

    def stop(self, reason: str) -> None:
        """End after the current item; the first reason counts."""
        self._reason = self._reason or reason
        self.post(_look_up)

    def end(self) -> asyncio.Task[bool]:
        """End after the queued items, as a channel whose transport is gone."""
        self.post(partial(self.stop, "shutdown: closed"))
        return self._task

    def cancel(self) -> asyncio.Task[bool]:
        """End at once, even within an item."""
        self._task.cancel()
        return self._task

    async def _run(self, factory: Callable[[], Behaviour], join: Message) -> bool:
        """Join, then handle the mailbox; return True after a clean end."""
        channel = await self._join(factory, join)
        return channel is not None and await self._serve(channel)

    async def _join(
        self, factory: Callable[[], Behaviour], join: Message
    ) -> Behaviour | None:
        """Create the channel and reply to the join; return it if it accepted."""
        try:
            channel = self._channel = factory()
            channel.process = self
            status, response = await _admission(channel, join.payload)
            frame = self._answer(join, status, response)
        except Exception:
            logger.exception("The join of %s crashed", self.topic)
            return None
        self.is_joined = status == "ok"
        self.joined.set_result(Joined(self.is_joined, frame))
        if not self.is_joined:
            return None
        self.host.endpoint.topics.subscribe(self.topic, self)
        return channel

    def _answer(self, join: Message, status: str, response: object) -> Frame:
        reply = Reply(join.join_ref, join.ref, join.topic, status, response)
        return self.serializer.encode_reply(reply)

    async def _serve(self, channel: Behaviour) -> bool:
        """Handle the mailbox until the channel ends; return True after a clean end."""
        while self._reason is None:
            item = await self._mailbox.get()
            try:
                await _settled(_handled(channel, item))
            except Exception:
                logger.exception("The channel of %s crashed", self.topic)
                return False
        return self._reason == "normal" or self._reason.startswith("shutdown")

    def _finish(self, join: Message, task: asyncio.Task[bool]) -> None:
        """Clean up after any end of the task."""
        self.is_joined = False
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if not self.joined.done():
            crashed = self._answer(join, "error", CRASHED)
            self.joined.set_result(Joined(is_ok=False, frame=crashed))
        self.host.endpoint.topics.unsubscribe(self.topic, self)
        if self._channel is not None:
            self.host.endpoint.presence.untrack(self._channel)
        is_clean = not task.cancelled() and task.result()
        self.host.channel_ended(self, is_clean=is_clean)


def _look_up() -> None:
    """Do nothing; wakes the loop so that it sees the reason to end."""


async def _admission(channel: Behaviour, params: Any) -> tuple[str, object]:
    try:
        response = await _settled(channel.join(params))
    except JoinError as refusal:
        response = refusal
    if isinstance(response, JoinError):
        return "error", response.response
    return "ok", EMPTY if response is None else response


def _handled(channel: Behaviour, item: Message | Callable[[], object]) -> object:
    if isinstance(item, Message):
        return channel.handle_in(item.event, item.payload, item.ref)
    return item()


async def _settled(result: object) -> object:
    """Await the result of a method if it is awaitable."""
    return await result if inspect.isawaitable(result) else result
