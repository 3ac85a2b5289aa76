"""``rx-phoenix record`` and ``rx-phoenix replay``: tapes of what was said."""

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import reactivex
from msgspec.structs import replace
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.listening import Heard, ListenOptions, bounded, heard, news_of
from rx_phoenix._cli.output import Output, as_json, notice
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.names import JOIN
from rx_phoenix._protocol.redaction import redactor
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.channel import Channel
from rx_phoenix.errors import UsageError
from rx_phoenix.operators import for_each, values
from rx_phoenix.policy import Backoff, Reconnect, Rejoin
from rx_phoenix.socket import Socket
from rx_phoenix.testing._transports.playback import TapeTransport
from rx_phoenix.testing._transports.tape import (
    Entry,
    Received,
    Sent,
    read_tape,
    recorded,
)

__all__ = ["Destination", "joins_of", "record", "redacted", "replay"]

Joins = Mapping[str, Mapping[str, Any]]
"""Topics, each with what it is joined with."""

STDIO = Path("-")
"""What stands for stdin or stdout."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a tape is written to.

    Attributes:
        path: The file; ``-`` is stdout.
        may_overwrite: Whether it may be there already.
        names: More names of secrets.
    """

    path: Path
    may_overwrite: bool = False
    names: Collection[str] = ()

    def open(self) -> AbstractContextManager[IO[str]]:
        """Begin to write; stdout stays open afterwards.

        Raises:
            OSError: It cannot be written, or is there already.
        """
        if self.path == STDIO:
            return nullcontext(sys.stdout)
        return self.path.open("w" if self.may_overwrite else "x", encoding="utf-8")


async def record(
    target: Target, joins: Joins, destination: Destination, wish: ListenOptions
) -> None:
    """Write down what is said on topics, both ways, without the secrets.

    Args:
        target: The server.
        joins: The topics, each with what to join it with.
        destination: Where to.
        wish: How many entries are enough, or how many seconds.

    Raises:
        OSError: The file cannot be written.
        ConnectError: The server cannot be reached.
    """
    redact = redactor(target.secrets, destination.names)
    written = 0
    async with connected(target.url, **target.options) as socket:
        channels = [socket.channel(topic, params) for topic, params in joins.items()]
        held = [channel.joined.pipe(ops.ignore_elements()) for channel in channels]
        news = reactivex.merge(*(news_of(socket, channel) for channel in channels))
        with (
            destination.open() as file,
            news.subscribe(lambda item: notice(item.text)),
        ):

            def write(entry: Entry) -> None:
                # At once, so that an interrupt loses nothing that was heard.
                nonlocal written
                file.write(f"{as_json(redacted(entry, redact))}\n")
                file.flush()
                written += 1

            entries = recorded(socket).pipe(ops.do_action(write))
            everything = reactivex.merge(entries, *held)
            stream = bounded(everything, wish, LoopScheduler.current())
            await for_each(stream, lambda _: None)
    notice(f"{written} entries were written.")


def redacted(entry: Entry, redact: Callable[[Any], Any]) -> Entry:
    """An entry without its secrets.

    Args:
        entry: The entry.
        redact: As from `redactor`.
    """
    if not isinstance(entry, Sent | Received):
        return entry
    message = entry.message
    return replace(
        entry,
        message=replace(
            message,
            topic=redact(message.topic),
            event=redact(message.event),
            payload=redact(message.payload),
        ),
    )


async def replay(
    path: Path, output: Output, *, speed: float, wish: ListenOptions
) -> None:
    """Play a tape into a client, and show what that hears.

    Args:
        path: The tape; ``-`` is stdin.
        output: Where to show it.
        speed: How many times as fast it is played; 0 leaves out all waiting.
        wish: What to hear of it.

    Raises:
        OSError: The tape cannot be read.
        UsageError: It is no tape.
    """
    tape = list(read_tape(sys.stdin if path == STDIO else path))
    if not tape:
        raise UsageError("there is nothing on this tape")
    transport = TapeTransport(tape, speed=speed)
    socket = Socket(
        "ws://tape/socket",
        transport=transport,
        heartbeat=None,
        reconnect=Reconnect(Backoff(0.0)),
        rejoin=Rejoin(Backoff(0.0)),
    )
    async with socket:
        streams = [
            heard_on(socket.channel(topic, params), wish)
            for topic, params in joins_of(tape).items()
        ]
        stream = reactivex.merge(*streams).pipe(ops.take_until(transport.ended))
        async with values(bounded(stream, wish, LoopScheduler.current())) as items:
            async for topic, item in items:
                output.event(topic, item.event, item.payload)


def heard_on(channel: Channel, wish: ListenOptions) -> Observable[tuple[str, Heard]]:
    """What happens on a topic, with the topic."""
    return heard(channel, wish).pipe(ops.map(lambda item: (channel.topic, item)))


def joins_of(tape: Iterable[Entry]) -> Joins:
    """The topics that were joined, each with its first params."""
    joins: dict[str, Mapping[str, Any]] = {}
    for entry in tape:
        if isinstance(entry, Sent) and entry.message.event == JOIN:
            joins.setdefault(entry.message.topic, entry.message.payload)
    return joins
