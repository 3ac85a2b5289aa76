"""Tapes: the recorded traffic of a connection, to inspect and to replay.

A tape is a file of JSON lines. Each line is an entry with its time, in seconds from the
start.
"""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._connection.handle import connection_of
from rx_phoenix._protocol import lifecycle
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import REPLY, SocketState
from rx_phoenix.errors import UsageError
from rx_phoenix.socket import Socket

__all__ = ["Closed", "Entry", "Opened", "Received", "Sent", "read_tape", "recorded"]


class Moment(Struct, frozen=True, tag_field="kind", tag=str.lower):
    """An entry with a time.

    Attributes:
        at: Seconds from the start of the tape.
    """

    at: float


class Opened(Moment, frozen=True):
    """The connection opened."""


class Closed(Moment, frozen=True):
    """The server or the network ended the connection.

    Attributes:
        code: The close code.
        reason: The reason given with it.
    """

    code: int
    reason: str


class Transmitted(Moment, frozen=True, omit_defaults=True):
    """A message that travelled over the connection.

    Attributes:
        message: The message, with base64 for bytes.
        is_binary: True if its payload, or the response in it, is bytes.
    """

    message: Message
    is_binary: bool = msgspec.field(default=False, name="binary")

    @property
    def original(self) -> Message:
        """The message with its bytes decoded."""
        message = self.message
        if not self.is_binary:
            return message
        if message.event != REPLY:
            return replace(message, payload=_bytes(message.payload))
        response = _bytes(message.payload["response"])
        return replace(message, payload={**message.payload, "response": response})


class Sent(Transmitted, frozen=True):
    """The client sent a message."""


class Received(Transmitted, frozen=True):
    """The server sent a message."""


Entry = Opened | Closed | Sent | Received
"""One line of a tape."""

DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def recorded(socket: Socket) -> Observable[Entry]:
    """Emit an entry for each event and message of a socket's connection, from now on.

    The caller must redact secrets from the messages before storing them.

    Args:
        socket: The socket. Entries take their time from its scheduler.
    """
    scheduler = connection_of(socket).scheduler

    def subscribe(
        observer: abc.ObserverBase[Entry], _: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        began = scheduler.monotonic()

        def now() -> float:
            return round(scheduler.monotonic() - began, 6)

        def emit_message(kind: type[Sent | Received], message: Message) -> None:
            reply = message.reply
            content = message.payload if reply is None else reply.response
            is_binary = isinstance(content, bytes)
            observer.on_next(kind(now(), message, is_binary))

        def on_state(state: SocketState) -> None:
            if state is SocketState.OPEN:
                observer.on_next(Opened(now()))

        def on_lifecycle(event: object) -> None:
            if isinstance(event, lifecycle.Closed):
                observer.on_next(Closed(now(), event.code, event.reason))

        # Subscribe to all four at once, or the first joins would be missed.
        return CompositeDisposable(
            socket.states.subscribe(on_state),
            socket.sent.subscribe(lambda message: emit_message(Sent, message)),
            socket.frames.subscribe(lambda message: emit_message(Received, message)),
            socket.lifecycle.subscribe(
                on_lifecycle, on_completed=observer.on_completed
            ),
        )

    return Observable(subscribe)


def read_tape(source: Path | Iterable[str]) -> Iterator[Entry]:
    """Read a tape.

    Args:
        source: The file, or its lines.

    Raises:
        OSError: The file cannot be read.
        UsageError: A line is not an entry; the error names it.

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
                entry.original  # noqa: B018 - raises if it is not base64
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
            problem = f"line {number} of the tape is not an entry: {error}"
            raise UsageError(problem) from error
        yield entry


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
