"""The base class of a server's channels."""

from collections.abc import Callable
from functools import partial
from typing import Any

from rx_phoenix.testing._server.codec import Message, require_map
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.presence import ServerPresence
from rx_phoenix.testing._server.process import EMPTY, ChannelProcess
from rx_phoenix.testing._server.socket import ServerSocket

__all__ = ["ServerChannel"]


class ServerChannel:
    """One joined topic of one client, modelled on `Phoenix.Channel`.

    Subclass it and implement `join` and `handle_in`; both may be ``async def``. Every
    join creates a new instance, so state can be kept in attributes. A channel handles
    one message at a time: while a method awaits, its other messages wait, those of
    other channels do not. Bytes as payload or response are sent as a binary frame.

    An exception crashes the channel: the client gets ``phx_error`` and the instance is
    discarded. Messages of a channel keep their order.

    Attributes:
        process: The task of the channel; the server sets it before `join`.

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
        """The joined topic."""
        return self.process.topic

    @property
    def join_ref(self) -> Any:
        """The join_ref of this join, as the client sent it."""
        return self.process.channel_ref

    @property
    def socket(self) -> ServerSocket:
        """The client: its id, params, headers and assigns."""
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
        """Accept a client or refuse it.

        The client's socket handles no other message meanwhile. Pushes are not possible
        yet; ``self.later(0.0, …)`` runs right after the reply to the join.

        Args:
            params: The params of the join.

        Returns:
            The response, None for ``{}``; or a `JoinError`, which may also be raised.
        """
        return None

    def handle_in(self, event: str, payload: Any, ref: Any) -> object:  # noqa: ARG002
        """Handle a push of the client; the return value is ignored.

        Args:
            event: The event.
            payload: JSON, or bytes.
            ref: The ref for `reply`, now or later.
        """
        raise LookupError(f"no handle_in for the event {event!r} of {self.topic!r}")

    def reply(self, ref: Any, status: str = "ok", response: object = EMPTY) -> None:
        """Answer a push.

        Args:
            ref: The ref that `handle_in` got.
            status: ``ok``, ``error`` or a custom status.
            response: JSON, or bytes.
        """
        self._require_joined("reply")
        self.process.reply(ref, status, response)

    def push(self, event: str, payload: object = EMPTY) -> None:
        """Send an event to this client only.

        Args:
            event: The event.
            payload: A mapping, or bytes; anything else crashes the channel.
        """
        self._require_joined("push")
        require_map(payload)
        message = Message(self.join_ref, None, self.topic, event, payload)
        self.process.deliver(self.process.serializer.encode(message))

    def broadcast(self, event: str, payload: object = EMPTY) -> None:
        """Send an event to every client on this topic, including this one."""
        self._require_joined("broadcast")
        self.endpoint.broadcast(self.topic, event, payload)

    def broadcast_from(self, event: str, payload: object = EMPTY) -> None:
        """Send an event to every client on this topic but this one."""
        self._require_joined("broadcast_from")
        self.endpoint.topics.broadcast(self.topic, event, payload, but=self.process)

    def later(self, seconds: float, call: Callable[..., object], *args: Any) -> None:
        """Call a function after a delay, in order with this channel's messages.

        Args:
            seconds: The delay; 0 for the next turn.
            call: A function or coroutine function; not called if the channel has
                ended.
            args: Its arguments.

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
        """End this channel after the current message.

        Args:
            reason: The client gets ``phx_close`` for ``normal`` and for reasons that
                start with ``shutdown``, otherwise ``phx_error``.
        """
        self.process.stop(reason)

    def kill_transport(self) -> None:
        """End the client's connection at once, without a close frame."""
        self.process.host.kill()

    def _require_joined(self, method: str) -> None:
        if not self.process.is_joined:
            raise RuntimeError(
                f"{method}() needs a joined channel: in join(), call "
                f"self.later(0.0, self.{method}, …)"
            )
