"""What was said on a connection, on a tape: to be looked at, and to be played again.

A tape is a file of JSON lines. Each is an entry: what happened, and when, in seconds
from the beginning.
"""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol import lifecycle
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import REPLY, SocketState
from rx_phoenix.errors import UsageError
from rx_phoenix.socket import Socket

__all__ = ["Closed", "Entry", "Opened", "Received", "Sent", "read_tape", "recorded"]


class Moment(Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Something that happened.

    Attributes:
        at: When, in seconds from the beginning.
    """

    at: float


class Opened(Moment, frozen=True):
    """The connection opened."""


class Closed(Moment, frozen=True):
    """The connection ended, and not by us.

    Attributes:
        code: The close code.
        reason: The reason given with it.
    """

    code: int
    reason: str


class Said(Moment, frozen=True, omit_defaults=True):
    """A message went over the connection.

    Attributes:
        message: The message, with base64 for bytes.
        is_binary: Whether its payload, or the response in it, is bytes.
    """

    message: Message
    is_binary: bool = msgspec.field(default=False, name="binary")

    @property
    def original(self) -> Message:
        """The message as it was."""
        message = self.message
        if not self.is_binary:
            return message
        if message.event != REPLY:
            return replace(message, payload=_bytes(message.payload))
        response = _bytes(message.payload["response"])
        return replace(message, payload={**message.payload, "response": response})


class Sent(Said, frozen=True):
    """The client sent a message."""


class Received(Said, frozen=True):
    """The server sent a message."""


Entry = Opened | Closed | Sent | Received
"""What happened, and when."""

DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def recorded(socket: Socket) -> Observable[Entry]:
    """What happens on a socket's connection, from now on.

    Take what is secret out of the messages before they are kept.

    Args:
        socket: The socket. Its scheduler's time is what entries are dated by.
    """
    scheduler = socket.link.scheduler

    def subscribe(
        observer: abc.ObserverBase[Entry], _: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        began = scheduler.monotonic()

        def now() -> float:
            return round(scheduler.monotonic() - began, 6)

        def say(kind: type[Sent | Received], message: Message) -> None:
            reply = message.reply
            content = message.payload if reply is None else reply.response
            is_binary = isinstance(content, bytes)
            observer.on_next(kind(now(), message, is_binary))

        def move(state: SocketState) -> None:
            if state is SocketState.OPEN:
                observer.on_next(Opened(now()))

        def happen(event: object) -> None:
            if isinstance(event, lifecycle.Closed):
                observer.on_next(Closed(now(), event.code, event.reason))

        # All four before anything else runs, or the first joins would be missed.
        return CompositeDisposable(
            socket.states.subscribe(move),
            socket.sent.subscribe(lambda message: say(Sent, message)),
            socket.frames.subscribe(lambda message: say(Received, message)),
            socket.lifecycle.subscribe(happen, on_completed=observer.on_completed),
        )

    return Observable(subscribe)


def read_tape(source: Path | Iterable[str]) -> Iterator[Entry]:
    """Read a tape.

    Args:
        source: The file, or its lines.

    Raises:
        OSError: The file cannot be read.
        UsageError: It is no tape; the line is named.

    >>> line = '{"kind":"received","at":0.5,"message":[null,null,"room:a","hi",{}]}'
    >>> [entry] = read_tape([line])
    >>> entry.original.event
    'hi'
    """
    if isinstance(source, Path):
        source = source.read_text("utf-8").splitlines()
    for number, line in enumerate(source, 1):
        try:
            entry = DECODER.decode(line)
            if isinstance(entry, Sent | Received):
                entry.original  # noqa: B018 - raises if it is no base64
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
            why = f"line {number} of the tape is no entry: {error}"
            raise UsageError(why) from error
        yield entry


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
