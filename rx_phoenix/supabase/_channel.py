"""A channel of Supabase Realtime."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from inspect import isawaitable
from typing import Any, TypeVar, cast, overload

import msgspec
from reactivex import Observable, abc, just
from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix import (
    Channel,
    ChannelState,
    EncodeError,
    PayloadError,
    Push,
    Socket,
    UsageError,
)
from rx_phoenix.operators import first_value
from rx_phoenix.policy import Duration, timeout_of
from rx_phoenix.supabase._changes import Binding, Bindings, Change, Operation
from rx_phoenix.supabase._options import ChannelOptions
from rx_phoenix.supabase._payloads import Broadcast, broadcast_of, converter
from rx_phoenix.supabase._presence import RealtimePresence
from rx_phoenix.supabase._serializer import BINARY, BROADCAST
from rx_phoenix.supabase._status import POSTGRES, ChannelStatus, SystemMessage
from rx_phoenix.supabase._token import AccessToken

__all__ = ["RealtimeChannel"]

T = TypeVar("T")

PREFIX = "realtime:"
"""The beginning of all topics."""

log = logging.getLogger("rx_phoenix")


class RealtimeChannel:
    """One topic of a `Realtime`; made by `Realtime.channel`.

    `broadcasts` and `changes` are leases: subscribing joins, and when the last
    subscriber is gone the channel is left. `join` does so without a subscriber.

    Args:
        name: The name, without ``realtime:``.
        socket: The socket.
        options: The options.
        token: The access token.
        can_carry_bytes: True if a broadcast's payload may be bytes.
    """

    def __init__(
        self,
        name: str,
        socket: Socket,
        options: ChannelOptions,
        token: AccessToken,
        *,
        can_carry_bytes: bool,
    ) -> None:
        if options.replay is not None and not options.private:
            raise UsageError(f"replay needs a private channel: {name!r} is public")
        self._name = name
        self._options = options
        self._token = token
        self._can_carry_bytes = can_carry_bytes
        self._sent_token: str | None = None
        self._bindings = Bindings()
        self._presence: RealtimePresence | None = None
        self._is_requested = False
        self._is_restarting = False
        self._status = ChannelStatus.CLOSED
        self._channel = channel = socket.channel(f"{PREFIX}{name}", self._params)
        channel.states.subscribe(self._state_changed)
        channel.joins.subscribe(self._joined)
        channel.events("system").subscribe(self._system_received)

    # State.

    @property
    def name(self) -> str:
        """The name, without ``realtime:``."""
        return self._name

    @property
    def options(self) -> ChannelOptions:
        """The options, as given."""
        return self._options

    @property
    def channel(self) -> Channel:
        """The channel of Phoenix below, with its ``refusals`` and all its streams."""
        return self._channel

    @property
    def status(self) -> ChannelStatus:
        """``joining``, ``subscribed``, ``errored`` or ``closed``.

        A channel with `changes` is ``subscribed`` once the server has confirmed them,
        and ``errored`` if it refused them.
        """
        return self._status

    @property
    def statuses(self) -> Observable[ChannelStatus]:
        """The status, first the current one. Completes with the channel's removal."""
        channel = self._channel

        def subscribe(
            observer: abc.ObserverBase[ChannelStatus],
            _: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            last: ChannelStatus | None = None

            def update(_: object) -> None:
                nonlocal last
                if self._status is not last:
                    last = self._status
                    observer.on_next(last)

            # The channel's own listeners came first: the status is the new one.
            return CompositeDisposable(
                channel.states.subscribe(update, on_completed=observer.on_completed),
                channel.joins.subscribe(update),
                channel.events("system").subscribe(update),
            )

        return Observable(subscribe)

    @property
    def system(self) -> Observable[SystemMessage]:
        """The ``system`` messages of the server. It does not join."""

        def subscribe(
            observer: abc.ObserverBase[SystemMessage],
            _: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            return self._channel.events("system").subscribe(
                lambda payload: observer.on_next(_system_message(payload)),
                on_completed=observer.on_completed,
            )

        return Observable(subscribe)

    # Joining and leaving.

    def join(self, timeout: Duration | None = None) -> Push:
        """Join, and rejoin after every loss, until `leave`; as of `Channel.join`.

        Args:
            timeout: Seconds for the answer; the socket's own if None.
        """
        push = self._channel.join(timeout)
        self._is_requested = True
        return push

    def subscribed(self, timeout: Duration | None = None) -> Awaitable[None]:
        """Join, and wait until the server has confirmed all of it.

        Args:
            timeout: Seconds for the answer, and for the confirmation of `changes`; the
                socket's own if None.

        Raises:
            JoinRefused: The server refused the join.
            ChangesRefused: The server refused the changes.
            TimeoutError: One of them did not come in time.
        """
        return self._subscribed(self.join(timeout))

    async def _subscribed(self, join: Push) -> None:
        await join
        await first_value(Observable(self._confirm), timeout=join.within)

    def _confirm(
        self, observer: abc.ObserverBase[None], _: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        def check(_: object) -> None:
            if self._bindings.refusal is not None:
                observer.on_error(self._bindings.refusal())
            elif self._status is ChannelStatus.SUBSCRIBED:
                observer.on_next(None)

        return CompositeDisposable(
            self._channel.states.subscribe(check),
            self._channel.joins.subscribe(check),
            self._channel.events("system").subscribe(check),
        )

    def leave(self, timeout: Duration | None = None) -> Push:
        """Leave: the streams complete; as of `Channel.leave`.

        Args:
            timeout: Seconds for the answer; the socket's own if None.
        """
        self._is_requested = self._is_restarting = False
        return self._channel.leave(timeout)

    @property
    def joined(self) -> Observable[Any]:
        """The membership as a lease: the answers to the joins."""
        return self._channel.joined

    # Broadcasts.

    def send(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Observable[Any]:
        """Broadcast to all others on the channel, now or once it is joined.

        Args:
            event: The name of the event.
            payload: JSON; or bytes, which version 2 alone can carry.
            timeout: As of `Channel.push`.

        Returns:
            Awaitable. With ``ack`` the push, whose answer is the server's; otherwise
            it is settled, because nothing is answered.

        Raises:
            NotJoinedError: The channel is not joined and not to be.
            EncodeError: The payload cannot be encoded.
            UsageError: The event's name is not text, or the timeout is no duration.
        """
        _check_event(event)
        within = None if timeout is None else timedelta(seconds=timeout_of(timeout))
        content: object = {} if payload is None else payload
        if isinstance(content, BINARY) and not self._can_carry_bytes:
            raise EncodeError(
                f"cannot encode the payload of {event!r} to {self._channel.topic!r}: "
                "the serializer carries no bytes, use a RealtimeSerializer"
            )
        message = cast("Any", {"type": BROADCAST, "event": event, "payload": content})
        if self._options.ack:
            return self._channel.push(BROADCAST, message, within)
        self._channel.cast(BROADCAST, message)
        return just(None)

    @overload
    def broadcasts(self, event: str, as_type: type[T]) -> Observable[T]: ...
    @overload
    def broadcasts(self, event: str, *, as_type: Any) -> Observable[Any]: ...
    @overload
    def broadcasts(self, event: str) -> Observable[Any]: ...
    @overload
    def broadcasts(self, event: None = None) -> Observable[Broadcast[Any]]: ...
    def broadcasts(
        self, event: str | None = None, as_type: Any = None
    ) -> Observable[Any]:
        """Subscribe and it joins; the payloads of one event, or every `Broadcast`.

        Args:
            event: The name of the event; None for all, each with its circumstances.
            as_type: The type to decode payloads into, as of `Channel.events`.

        Completes:
            When the channel is left.

        Errors:
            Only when it is final, as of `Channel.stream`.
        """
        if event is not None:
            _check_event(event)
        convert = converter(as_type)

        def select(payload: Any, emit: Callable[[Any], None]) -> None:
            broadcast = broadcast_of(payload)
            if event is None:
                emit(broadcast)
            elif broadcast.event == event:
                emit(convert(broadcast.payload))

        return self._lease(BROADCAST, select)

    # Changes of tables.

    @overload
    def changes(
        self,
        event: Operation,
        schema: str,
        table: str | None,
        filter: str | None,
        as_type: type[T],
    ) -> Observable[Change[T]]: ...
    @overload
    def changes(
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,
        *,
        as_type: type[T],
    ) -> Observable[Change[T]]: ...
    @overload
    def changes(
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,
        *,
        as_type: Any,
    ) -> Observable[Change[Any]]: ...
    @overload
    def changes(
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,
    ) -> Observable[Change[dict[str, Any]]]: ...
    def changes(
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,  # noqa: A002 - Supabase's word
        as_type: Any = None,
    ) -> Observable[Change[Any]]:
        """Subscribe and it joins; the changes of a table.

        What is asked for is part of the join. A stream that is subscribed to later has
        the channel leave and join again, so that other streams may miss something:
        subscribe to all of them in one turn, or before the join.

        Args:
            event: The operation; ``*`` for all.
            schema: The schema.
            table: The table; None for all of the schema.
            filter: A condition, such as ``id=eq.1``.
            as_type: The type to decode records into, as of `Channel.events`.

        Completes:
            When the channel is left.

        Errors:
            `ChangesRefused` with the server's words, if there is no such table, or the
            filter cannot be; else as of `Channel.stream`.

        Raises:
            UsageError: An argument is not what it takes.
        """
        binding = Binding(event, schema, table, filter)
        self._bindings.add(binding)
        convert = converter(as_type)

        def select(payload: Any, emit: Callable[[Any], None]) -> None:
            change = self._bindings.decode(binding, payload, convert)
            if change is not None:
                emit(change)

        return self._lease(POSTGRES, select, binding)

    # Presence.

    @property
    def presence(self) -> RealtimePresence:
        """The presences of the channel; its first use asks for them at the next join.

        Use it before the join.
        """
        if self._presence is None:
            self._presence = RealtimePresence(self._channel)
        return self._presence

    # The join, and what follows it.

    async def _params(self) -> Mapping[str, Any]:
        # A coroutine, so that what is asked for in the same turn is part of the join.
        token = self._token.ask()
        return self._params_with(await token if isawaitable(token) else token)

    def _params_with(self, token: str | None) -> Mapping[str, Any]:
        options = self._options
        broadcast: dict[str, Any] = {"ack": options.ack, "self": options.self_}
        if options.replay is not None:
            broadcast["replay"] = options.replay
        is_present = self._presence is not None or options.presence_key is not None
        config = {
            BROADCAST: broadcast,
            "presence": {"key": options.presence_key or "", "enabled": is_present},
            POSTGRES: self._bindings.config(),
            "private": options.private,
        }
        self._sent_token = token
        return {"config": config} | ({} if token is None else {"access_token": token})

    def send_token(self) -> None:
        """Send the access token to the server, if it has another one."""
        is_joined = self._channel.state is ChannelState.JOINED
        if is_joined and self._sent_token != self._token.value:
            self._sent_token = self._token.value
            self._channel.cast("access_token", {"access_token": self._sent_token})

    def _state_changed(self, state: ChannelState) -> None:
        match state:
            case ChannelState.JOINING:
                self._is_restarting = False
                self._bindings.begin()
                self._status = ChannelStatus.JOINING
            case ChannelState.JOINED:
                if not self._bindings:  # nothing else is to be confirmed
                    self._status = ChannelStatus.SUBSCRIBED
            case ChannelState.ERRORED:
                self._status = ChannelStatus.ERRORED
            case _:
                self._status = ChannelStatus.CLOSED

    def _joined(self, response: Any) -> None:
        self._bindings.match(response)
        if self._bindings.refusal is not None:
            self._refuse()
        self.send_token()

    def _system_received(self, payload: Any) -> None:
        message = _system_message(payload)
        if message.extension != POSTGRES:
            return
        if message.is_error:
            self._bindings.refuse_by(message)
            self._refuse()
        elif self._bindings.refusal is None:
            self._status = ChannelStatus.SUBSCRIBED

    def _refuse(self) -> None:
        self._status = ChannelStatus.ERRORED
        if self._bindings.refusal is not None:
            log.warning(
                "%s: %s",
                self._channel.topic,
                self._bindings.refusal(),
                extra={"topic": self._channel.topic},
            )

    def _lease(
        self,
        event: str,
        select: Callable[[Any, Callable[[Any], None]], None],
        binding: Binding | None = None,
    ) -> Observable[Any]:
        """Return a stream that listens first, and joins then.

        Args:
            event: The event to listen to.
            select: Called with each payload and the function that emits.
            binding: The changes that it needs, whose refusal ends it.
        """
        channel = self._channel

        def subscribe(
            observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            lease = SerialDisposable()

            def check(_: object) -> None:
                if binding is not None and self._bindings.refusal is not None:
                    observer.on_error(self._bindings.refusal())

            def hold() -> None:
                # It replays the answer: a refusal may be known already.
                lease.disposable = channel.joined.subscribe(
                    check, observer.on_error, complete
                )

            def complete() -> None:
                if self._is_restarting:
                    hold()
                else:
                    observer.on_completed()

            tap = channel.events(event)
            holdings = CompositeDisposable(
                lease, tap.subscribe(lambda payload: select(payload, observer.on_next))
            )
            if binding is not None:
                holdings.add(self._require(binding, check))
            hold()
            return holdings

        return Observable(subscribe)

    def _require(
        self, binding: Binding, check: Callable[[object], None]
    ) -> abc.DisposableBase:
        """Have the server send changes, and call a function whenever it may refuse.

        Leave and join again if the join in force cannot bring them.
        """
        channel = self._channel
        held = self._bindings.hold(binding)
        is_there = channel.state in {ChannelState.JOINED, ChannelState.JOINING}
        if is_there and self._bindings.needs_join(binding):
            self._is_restarting = True
            channel.leave()
            if self._is_requested:
                channel.join()
        return CompositeDisposable(
            held,
            channel.events("system").subscribe(check),
            channel.joins.subscribe(check),
        )

    def __repr__(self) -> str:
        return f"<RealtimeChannel {self._name!r}: {self._status}>"


def _check_event(event: object) -> None:
    if not isinstance(event, str):
        raise UsageError(f"the name of an event must be a string, got {event!r}")


def _system_message(payload: object) -> SystemMessage:
    try:
        return msgspec.convert(payload, SystemMessage)
    except msgspec.ValidationError as error:
        words = f"payload is not a system message: {error}"
        raise PayloadError(words, payload) from error
