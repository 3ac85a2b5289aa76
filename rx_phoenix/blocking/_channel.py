"""A channel whose calls wait for their answers."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from reactivex import Observable

import rx_phoenix
from rx_phoenix import UsageError
from rx_phoenix.blocking._items import Items, Overflow
from rx_phoenix.blocking._portal import Portal
from rx_phoenix.policy import Duration

__all__ = ["Channel", "parts_of"]

T = TypeVar("T")

Hook = Callable[[str, Any, str | None], Any]
"""A hook that is called with event, payload and ref of every message."""


class Channel:
    """One topic of a blocking `Socket`; its methods may be called from any thread.

    Made by `Socket.channel`.

    Args:
        channel: The channel on the loop.
        portal: The way to it.
    """

    def __init__(self, channel: rx_phoenix.Channel, portal: Portal) -> None:
        self._channel = channel
        self._portal = portal

    @property
    def topic(self) -> str:
        """The topic."""
        return self._channel.topic

    @property
    def state(self) -> rx_phoenix.ChannelState:
        """``closed``, ``errored``, ``joined``, ``joining`` or ``leaving``."""
        return self._channel.state

    @property
    def on_message(self) -> Hook:
        """The hook of every message, as `rx_phoenix.Channel.on_message`.

        It is called on the loop's thread and must not block.
        """
        return self._channel.on_message

    @on_message.setter
    def on_message(self, hook: Hook) -> None:
        self._portal.call(lambda: setattr(self._channel, "on_message", hook))

    @on_message.deleter
    def on_message(self) -> None:
        self._portal.call(lambda: delattr(self._channel, "on_message"))

    def join(self, timeout: Duration | None = None) -> Any:
        """Join, and rejoin after every loss, until `leave`.

        Args:
            timeout: Seconds to wait; the socket's own if None.

        Returns:
            The response of the join.

        Raises:
            JoinRefused: The server refused it.
            PushTimeout: It was not answered in time. The channel goes on trying.
            UsageError: The channel is another socket's, or this thread may not block.
        """
        within = self._portal.within(timeout)
        return self._portal.call(lambda: self._channel.join(within), within)

    def leave(self, timeout: Duration | None = None) -> Any:
        """Leave; loops over `stream` end.

        Args:
            timeout: As of `join`.
        """
        within = self._portal.within(timeout)
        return self._portal.call(lambda: self._channel.leave(within), within)

    def push(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Any:
        """Send an event, now or as soon as the channel is joined, and wait.

        Args:
            event: The event's name.
            payload: JSON, or bytes for a binary frame.
            timeout: As of `join`.

        Returns:
            The response of the reply.

        Raises:
            PushRefused: The answer is another than ``ok``.
            PushTimeout: It was not answered in time.
            PushCancelled: The channel ended first.
            ConnectionLost: The connection ended first.
            NotJoinedError: The channel is not joined.
        """
        within = self._portal.within(timeout)
        return self._portal.call(
            lambda: self._channel.push(event, payload, within), within
        )

    def cast(self, event: str, payload: Any = None) -> None:
        """Send an event that is not answered, now or as soon as the channel is joined.

        Args:
            event: The event's name.
            payload: JSON, or bytes for a binary frame.

        Raises:
            NotJoinedError: The channel is not joined.
        """
        self._portal.call(lambda: self._channel.cast(event, payload))

    @overload
    def events(
        self,
        name: str,
        *,
        as_type: type[T],
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[T]: ...
    @overload
    def events(
        self,
        name: str,
        *,
        as_type: Any = None,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]: ...
    def events(
        self,
        name: str,
        *,
        as_type: Any = None,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]:
        """Iterate the payloads of an event. It does not join.

        It listens from this call on. The loop ends when the channel is removed or the
        socket is closed.

        Args:
            name: The event's name.
            as_type: The type to decode payloads into, as of
                `rx_phoenix.Channel.events`.
            timeout: Seconds to wait for each payload; None for no limit.
            maxsize: The maximum number of payloads that wait for the loop.
            overflow: The policy for one more, as of `rx_phoenix.operators.values`.
            on_loss: Called with the number of lost payloads, on the loop's thread.
        """

        def make() -> Observable[Any]:
            return self._channel.events(name, as_type=as_type)

        return self._portal.iterate(
            make,
            timeout=timeout,
            maxsize=maxsize,
            overflow=overflow,
            on_loss=on_loss,
        )

    @overload
    def stream(
        self,
        event: str,
        *,
        as_type: type[T],
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[T]: ...
    @overload
    def stream(
        self,
        event: str | None = None,
        *,
        as_type: Any = None,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]: ...
    def stream(
        self,
        event: str | None = None,
        *,
        as_type: Any = None,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]:
        """Join, iterate, and leave when the loop and every other one has ended.

        Args:
            event: The event whose payloads are iterated; every `Message` if None.
            as_type: As of `events`.
            timeout: As of `events`.
            maxsize: As of `events`.
            overflow: As of `events`.
            on_loss: As of `events`.
        """

        def make() -> Observable[Any]:
            if event is None:
                return self._channel.stream()
            return self._channel.stream(event, as_type=as_type)

        return self._portal.iterate(
            make,
            timeout=timeout,
            maxsize=maxsize,
            overflow=overflow,
            on_loss=on_loss,
        )

    def states(
        self, *, timeout: Duration | None = None
    ) -> Items[rx_phoenix.ChannelState]:
        """Iterate the state, first the current one.

        Args:
            timeout: As of `events`.
        """
        return self._portal.iterate(
            lambda: self._channel.states,
            timeout=timeout,
            overflow="drop_oldest",
        )

    def on(self, event: str, callback: Callable[[Any], object]) -> int:
        """Call a function with the payload of each message of an event.

        It runs on the socket's worker thread, one call at a time, and may block.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._channel.on(event, work))

    def on_close(
        self, callback: Callable[[Any, str | None, str | None], object]
    ) -> int:
        """Call a function with payload, ref and join_ref whenever the channel closes.

        It runs as one of `on`. Removed by ``off("phx_close", ref)``.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._channel.on_close(work))

    def on_error(self, callback: Callable[[Any], object]) -> int:
        """Call a function with the reason whenever the channel fails.

        It runs as one of `on`. Removed by ``off("phx_error", ref)``.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._channel.on_error(work))

    def off(self, event: str, ref: int | None = None) -> None:
        """Remove the callback of a ref, or all callbacks of an event."""
        self._portal.call(lambda: self._channel.off(event, ref))

    def __repr__(self) -> str:
        return repr(self._channel)


def parts_of(channel: Channel) -> tuple[rx_phoenix.Channel, Portal]:
    """Return the channel on the loop, and the way to it.

    Raises:
        UsageError: It is not a blocking channel.
    """
    if not isinstance(channel, Channel):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(
            f"channel must be a Channel of rx_phoenix.blocking, got {channel!r}"
        )
    inner = channel._channel  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return inner, channel._portal  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
