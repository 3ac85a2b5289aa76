"""The listeners of a channel, and the way of a message to them."""

from collections.abc import Callable
from inspect import isawaitable
from itertools import islice
from typing import Any, TypeVar

from msgspec.structs import replace
from reactivex import abc

from rx_phoenix._protocol.checks import warn_caller
from rx_phoenix._protocol.hook import Hook, identity_hook
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import CLOSE, ERROR, REPLY, check_name
from rx_phoenix._streams.callbacks import Callback, Spawn, discard
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Hub, Watcher
from rx_phoenix._streams.reporter import Reporter
from rx_phoenix._streams.typed import EventHub
from rx_phoenix.errors import UsageError

__all__ = ["CONTROL", "Listeners"]

CONTROL = frozenset({CLOSE, ERROR, REPLY})
"""The events that are for the channel itself, before they are for its listeners."""

LOOKED_AT = 100
"""The number of callbacks among which a double one is looked for."""

H = TypeVar("H", bound=Hub[Any])

Refs = tuple[str | None, str | None]
"""Ref and join_ref."""


class Closes(Hub[Any]):
    """The payloads of closes.

    Attributes:
        refs: Ref and join_ref of the close that is being delivered.
    """

    __slots__ = ("refs",)

    def __init__(self, report: Reporter, watch: Watcher) -> None:
        super().__init__(report, watch)
        self.refs: Refs = None, None

    def close(self, payload: Any, refs: Refs) -> None:
        """Emit a payload, with the refs that belong to it."""
        self._emit((payload, refs))

    def _deliver(self, value: Any) -> None:
        payload, self.refs = value
        super()._deliver(payload)


class Listeners:
    """One hot source for each event, made at the first request.

    Args:
        topic: The channel's topic.
        spawn: Awaits the coroutines of callbacks.
        report: Receives their exceptions.
        watch: Notified when a source gets its first listener and loses its last.

    Attributes:
        direct: By event, the source of its payloads, while no tap takes all messages
            and no hook may replace them; without the events that are for the channel
            itself first.
        is_muted: True while nothing of the server is to be delivered.
    """

    __slots__ = (
        "_callbacks",
        "_events",
        "_has_ended",
        "_is_hooked",
        "_joins",
        "_messages",
        "_processed",
        "_refs",
        "_refusals",
        "_report",
        "_spawn",
        "_topic",
        "_watch",
        "direct",
        "is_muted",
    )

    def __init__(
        self, topic: str, spawn: Spawn, report: Reporter, watch: Watcher
    ) -> None:
        self._events: dict[str, Hub[Any]] = {}
        self.direct: dict[str, EventHub] = {}
        # Most channels have no listeners to these.
        self._messages: Hub[Message] | None = None
        self._processed: Hub[Message] | None = None
        self._joins: Hub[Any] | None = None
        self._refusals: Hub[Exception] | None = None
        self._callbacks: dict[int, tuple[str, Callback, abc.DisposableBase]] = {}
        self._topic = topic
        self._spawn = spawn
        self._report = report
        self._watch = watch
        self._refs = 0
        self._has_ended = False
        self._is_hooked = False
        self.is_muted = False

    def of(self, event: str) -> Hub[Any]:
        """The source of one event's payloads.

        Raises:
            UsageError: The event's name is not a string.
        """
        if event == CLOSE:
            return self.closes
        hub = self._events.get(event)
        if hub is None:
            check_name("an event", event)
            source = self._set_up(EventHub(self._report, self._watch))
            hub = self._events[event] = source
            if event not in CONTROL and self._may_be_direct:
                self.direct[event] = source
        return hub

    @property
    def messages(self) -> Hub[Message]:
        """Every message as it came."""
        if self._messages is None:
            self._messages = self._new_tap()
        return self._messages

    @property
    def processed(self) -> Hub[Message]:
        """Every message, with the payload that the hook returned."""
        if self._processed is None:
            self._processed = self._new_tap()
        return self._processed

    @property
    def joins(self) -> Hub[Any]:
        """The response of each accepted join."""
        if self._joins is None:
            self._joins = self._new_source()
        return self._joins

    @property
    def refusals(self) -> Hub[Exception]:
        """The error of each join that failed."""
        if self._refusals is None:
            self._refusals = self._new_source()
        return self._refusals

    @property
    def closes(self) -> Closes:
        """The source of ``phx_close``."""
        hub = self._events.get(CLOSE)
        if not isinstance(hub, Closes):
            hub = self._events[CLOSE] = self._set_up(Closes(self._report, self._watch))
        return hub

    def _new_tap(self) -> Hub[Message]:
        self.direct.clear()
        return self._new_source()

    def heed(self, hook: Hook) -> None:
        """Have all messages pass a hook, unless it is `identity_hook`."""
        self._is_hooked = hook is not identity_hook
        self._direct_all()

    def mute(self) -> None:
        """Deliver nothing of the server, because the channel is left or closed."""
        self.is_muted = True
        self.direct.clear()

    def unmute(self) -> None:
        """Deliver again, because the channel is to be joined."""
        self.is_muted = False
        self._direct_all()

    def _direct_all(self) -> None:
        self.direct.clear()
        if self._may_be_direct:
            self.direct.update(
                (name, hub)
                for name, hub in self._events.items()
                if name not in CONTROL and isinstance(hub, EventHub)
            )

    @property
    def _may_be_direct(self) -> bool:
        has_taps = self._messages is not None or self._processed is not None
        return not (has_taps or self._is_hooked or self.is_muted)

    def _new_source(self) -> Hub[Any]:
        hub: Hub[Any] = Hub(self._report, self._watch)
        return self._set_up(hub)

    def _set_up(self, hub: H) -> H:
        if self._has_ended:
            hub.on_completed()
        return hub

    def deliver(self, message: Message, hook: Hook) -> None:
        """Deliver a message: the hook, its event's listeners, then `messages`."""
        payload = message.payload
        if hook is not identity_hook:
            payload = self._hooked(hook, message.event, payload, message.ref)
        hub = self._events.get(message.event)
        if hub is not None:
            hub.on_next(payload)
        if self._processed is not None:
            self._process(self._processed, message, payload)
        if self._messages is not None:
            self._messages.on_next(message)

    def deliver_closed(self, message: Message) -> None:
        """Deliver a close as it came; `deliver_local` delivers it to all others."""
        if self._messages is not None:
            self._messages.on_next(message)

    def deliver_namesake(self, message: Message, hook: Hook) -> None:
        """Deliver a broadcast with a control event's name, but not to its listeners."""
        payload = self._hooked(hook, message.event, message.payload, message.ref)
        if self._processed is not None:
            self._process(self._processed, message, payload)
        if self._messages is not None:
            self._messages.on_next(message)

    def deliver_local(self, message: Message, hook: Hook) -> None:
        """Deliver an event that came in no frame: to all but `messages`."""
        event, ref = message.event, message.ref
        payload = self._hooked(hook, event, message.payload, ref)
        hub = self._events.get(event)
        if isinstance(hub, Closes):
            hub.close(payload, (ref, message.join_ref))
        elif hub is not None:
            hub.on_next(payload)
        if self._processed is not None:
            self._process(self._processed, message, payload)

    def deliver_join(self, response: Any) -> None:
        """Deliver the response of a join."""
        if self._joins is not None:
            self._joins.on_next(response)

    def deliver_refusal(self, error: Exception) -> None:
        """Deliver the error of a join."""
        if self._refusals is not None:
            self._refusals.on_next(error)

    def _process(self, hub: Hub[Message], message: Message, payload: Any) -> None:
        is_same = payload is message.payload
        hub.on_next(message if is_same else replace(message, payload=payload))

    def _hooked(self, hook: Hook, event: str, payload: Any, ref: str | None) -> Any:
        """Return the hook's result for a payload; the payload itself if it fails."""
        try:
            result = hook(event, payload, ref)
        except ISOLATED as error:
            self._report(contained(error))
            return payload
        if isawaitable(result):
            discard(result)
            problem = "cannot be awaited: make it a plain function"
        elif result is None and payload is not None:
            problem = f"returned None for {event!r}: return the payload"
        else:
            return result
        self._report(UsageError(f"on_message of {self._topic!r} {problem}"))
        return payload

    def on(self, event: str, function: Callable[[Any], object]) -> int:
        """Call a function with each payload of an event; returns a ref for `off`."""
        return self._register(event, function, self.of(event).subscribe)

    def on_close(self, function: Callable[..., object]) -> int:
        """Call a function with payload, ref and join_ref of each close."""
        closes = self.closes

        def subscribe(call: Callable[..., None]) -> abc.DisposableBase:
            return closes.subscribe(lambda payload: call(payload, *closes.refs))

        return self._register(CLOSE, function, subscribe)

    def off(self, event: str, ref: int | None) -> None:
        """Remove the callback of a ref, or all callbacks of an event."""
        for number, (name, callback, subscription) in tuple(self._callbacks.items()):
            if name == event and ref in {None, number}:
                del self._callbacks[number]
                subscription.dispose()
                callback.dispose()

    def end(self) -> None:
        """Complete all sources, and cancel callbacks that run."""
        self._has_ended = True
        taps = self._processed, self._messages
        for hub in (self._joins, self._refusals, *self._events.values(), *taps):
            if hub is not None:
                hub.on_completed()
        for _, callback, _ in self._callbacks.values():
            callback.dispose()
        # A removed channel may live on: it keeps nothing of its users.
        self._callbacks.clear()

    def _register(
        self,
        event: str,
        function: Callable[..., object],
        subscribe: Callable[[Callable[..., None]], abc.DisposableBase],
    ) -> int:
        callback = Callback(function, self._spawn, self._report)
        self._warn_of_double(event, function)
        self._refs += 1
        self._callbacks[self._refs] = event, callback, subscribe(callback)
        return self._refs

    def _warn_of_double(self, event: str, function: Callable[..., object]) -> None:
        """Warn where phoenix.js's idiom of `on` for each mount adds up."""
        # The latest only, so that many callbacks do not make each `on` slow.
        known = islice(reversed(self._callbacks.values()), LOOKED_AT)
        equal = sum(name == event and call.is_of(function) for name, call, _ in known)
        if equal == 1:
            warn_caller(
                f"this function is registered for {event!r} of {self._topic!r} already "
                "and runs twice now: callbacks stay with a channel when it is left. "
                "Take the old one away with off(), or remove() the channel."
            )
