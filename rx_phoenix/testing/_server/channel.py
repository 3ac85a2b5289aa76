"""What a user of the server writes: a channel, as a class."""

from collections.abc import Callable
from functools import partial
from typing import Any

from rx_phoenix.testing._server.codec import Message
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.presence import ServerPresence
from rx_phoenix.testing._server.process import EMPTY, ChannelProcess
from rx_phoenix.testing._server.socket import ServerSocket

__all__ = ["ServerChannel"]


class ServerChannel:
    """One joined topic of one client, after `Phoenix.Channel`.

    Subclass it, and write `join` and `handle_in`; both may be ``async def``. Every
    join makes a new instance, so what belongs to it goes into attributes. A channel
    does one thing at a time: while a method awaits, its other messages wait, other
    channels do not. A payload or response of bytes travels as a binary frame.

    A method that raises is a crash: the client gets ``phx_error`` and the instance is
    thrown away. Messages sent by a channel keep their order.

    Attributes:
        process: The task behind the channel; the server sets it before `join`.

    Example:
        >>> from rx_phoenix.testing._server import JoinError
        >>> class Room(ServerChannel):
        ...     async def join(self, params):
        ...         if self.topic == "room:secret":
        ...             raise JoinError("unauthorized")
        ...         self.name = params.get("name", "anon")
        ...
        ...     async def handle_in(self, event, payload, ref):
        ...         match event:
        ...             case "ping":
        ...                 self.reply(ref, "ok", payload)
        ...             case "say":
        ...                 self.broadcast("said", {"by": self.name, **payload})
    """

    process: ChannelProcess

    @property
    def topic(self) -> str:
        """The topic that was joined."""
        return self.process.topic

    @property
    def join_ref(self) -> Any:
        """The join_ref of this join, as the client wrote it."""
        return self.process.channel_ref

    @property
    def socket(self) -> ServerSocket:
        """What is known of the client: id, params, headers, assigns."""
        return self.process.host.socket

    @property
    def endpoint(self) -> Endpoint:
        """The server, to broadcast to other topics and to disconnect users."""
        return self.process.host.endpoint

    @property
    def presence(self) -> ServerPresence:
        """The presences of the server: ``self.presence.track(self, key, meta)``."""
        return self.endpoint.presence

    def join(self, params: Any) -> object:  # noqa: ARG002 - for subclasses
        """Let a client in, or refuse it.

        The client's socket handles nothing else meanwhile. Nothing can be pushed yet;
        ``self.later(0.0, …)`` runs right after the answer to the join.

        Args:
            params: What the client joins with.

        Returns:
            The response, None for ``{}``; or a `JoinError`, which may be raised too.
        """
        return None

    def handle_in(self, event: str, payload: Any, ref: Any) -> object:  # noqa: ARG002
        """Handle what the client pushed; what it returns is not looked at.

        Args:
            event: The event.
            payload: JSON, or bytes.
            ref: What to hand to `reply`; it may be kept and answered later.
        """
        raise LookupError(f"no handle_in for the event {event!r} of {self.topic!r}")

    def reply(self, ref: Any, status: str = "ok", response: object = EMPTY) -> None:
        """Answer a push.

        Args:
            ref: The ref that `handle_in` got.
            status: ``ok``, ``error`` or a word of your own.
            response: JSON, or bytes.
        """
        self._require_joined("reply")
        self.process.reply(ref, status, response)

    def push(self, event: str, payload: object = EMPTY) -> None:
        """Send an event to this client alone.

        Args:
            event: The event.
            payload: JSON, or bytes.
        """
        self._require_joined("push")
        message = Message(self.join_ref, None, self.topic, event, payload)
        self.process.deliver(self.process.serializer.encode(message))

    def broadcast(self, event: str, payload: object = EMPTY) -> None:
        """Send an event to every client on this topic, this one among them."""
        self._require_joined("broadcast")
        self.endpoint.broadcast(self.topic, event, payload)

    def broadcast_from(self, event: str, payload: object = EMPTY) -> None:
        """Send an event to every client on this topic but this one."""
        self._require_joined("broadcast_from")
        self.endpoint.topics.broadcast(self.topic, event, payload, but=self.process)

    def later(self, seconds: float, call: Callable[..., object], *args: Any) -> None:
        """Do something in this channel's turn after a while, as it were a message.

        Args:
            seconds: How long to wait; 0 for the next turn.
            call: A function or coroutine function; it is forgotten when the channel
                ends before.
            args: What it is called with.

        Example:
            >>> class Clock(ServerChannel):
            ...     def join(self, params):
            ...         self.later(1.0, self.tick, 1)
            ...
            ...     def tick(self, n):
            ...         self.push("tick", {"n": n})
            ...         self.later(1.0, self.tick, n + 1)
        """
        bound = partial(call, *args)
        if seconds > 0:
            self.process.post_later(seconds, bound)
        else:
            self.process.post(bound)

    def stop(self, reason: str = "normal") -> None:
        """End this channel after what it is doing now.

        Args:
            reason: The client sees ``phx_close`` for ``normal`` and for what starts
                with ``shutdown``, ``phx_error`` for anything else.
        """
        self.process.stop(reason)

    def kill_transport(self) -> None:
        """End the client's connection at once, without a close frame."""
        self.process.host.kill()

    def _require_joined(self, what: str) -> None:
        if not self.process.is_joined:
            raise RuntimeError(
                f"{what}() works between the end of join() and the end of the channel;"
                f" in join(), use self.later(0.0, self.{what}, …)"
            )
