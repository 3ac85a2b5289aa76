"""``rx-phoenix record`` and ``rx-phoenix replay``: recordings of messages."""

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import reactivex
from msgspec.structs import replace
from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.frames import FrameRedactor
from rx_phoenix._cli.listening import (
    ListenOptions,
    bounded,
    notices_of,
    with_topic,
)
from rx_phoenix._cli.output import Output, as_json
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.names import JOIN
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators import for_each, values
from rx_phoenix.policy import Backoff, Reconnect, Rejoin
from rx_phoenix.socket import Socket
from rx_phoenix.testing._marbles.transcript import written_as_test
from rx_phoenix.testing._transports.playback import TapeTransport
from rx_phoenix.testing._transports.tape import (
    Entry,
    Received,
    Sent,
    read_tape,
    recorded,
)

__all__ = ["Destination", "joins_of", "print_lane", "record", "redacted", "replay"]

Joins = Mapping[str, Mapping[str, Any]]
"""Topics, and the params of their joins."""

STDIO = Path("-")
"""The path that means stdin or stdout."""

PRIVATE = 0o600
"""The mode of a tape: its owner alone may read what was said."""


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)


@dataclass(frozen=True, slots=True)
class Destination:
    """The file of a recording.

    Attributes:
        path: The file; ``-`` is stdout.
        may_overwrite: True to overwrite an existing file.
        names: More names of secrets.
    """

    path: Path
    may_overwrite: bool = False
    names: Collection[str] = ()

    def open(self) -> AbstractContextManager[IO[str]]:
        """Open the file; stdout is not closed afterwards.

        Raises:
            OSError: It cannot be written, or exists.
        """
        if self.path == STDIO:
            return nullcontext(sys.stdout)
        mode = "w" if self.may_overwrite else "x"
        file = open(self.path, mode, encoding="utf-8", opener=_open_privately)  # noqa: SIM115 - the caller closes it
        os.fchmod(file.fileno(), PRIVATE)
        return file


async def record(
    target: Target, joins: Joins, destination: Destination, options: ListenOptions
) -> None:
    """Record the messages of topics, sent and received, without secrets.

    Args:
        target: The server.
        joins: The topics, and the params of their joins.
        destination: The file.
        options: The limits.

    Raises:
        OSError: The file cannot be written.
        ConnectError: The server cannot be reached.
    """
    frames = FrameRedactor(target.secrets, destination.names)
    written = 0
    async with connected(target) as socket:
        channels = [socket.channel(topic, params) for topic, params in joins.items()]
        held = [channel.joined.pipe(ops.ignore_elements()) for channel in channels]
        notices = notices_of(socket, *channels)
        with (
            destination.open() as file,
            notices.subscribe(lambda item: target.note(item.text)),
        ):

            def write(entry: Entry) -> None:
                # Flushed at once, so that an interrupt loses no entry.
                nonlocal written
                file.write(f"{as_json(redacted(entry, frames))}\n")
                file.flush()
                written += 1

            entries = recorded(socket).pipe(ops.do_action(write))
            everything = reactivex.merge(entries, *held)
            stream = bounded(everything, options, LoopScheduler.current())
            await for_each(stream, lambda _: None)
    target.note(f"Wrote {written} entries.")


def redacted(entry: Entry, frames: FrameRedactor) -> Entry:
    """Return an entry without its secrets.

    Args:
        entry: The entry.
        frames: Knows them.
    """
    if isinstance(entry, Sent):
        frames.sent(entry.message)
    elif not isinstance(entry, Received):
        return entry
    return replace(entry, message=frames.redacted(entry.message))


async def replay(
    path: Path, output: Output, *, speed: float, options: ListenOptions
) -> None:
    """Replay a recording to a client, and show what it receives.

    Args:
        path: The tape; ``-`` is stdin.
        output: Shows the events.
        speed: The speed factor; 0 skips all delays.
        options: The selection of events.

    Raises:
        OSError: The tape cannot be read.
        UsageError: It is not a tape.
    """
    tape = list(read_tape(sys.stdin if path == STDIO else path))
    if not tape:
        raise UsageError("the tape is empty")
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
            with_topic(socket.channel(topic, params), options)
            for topic, params in joins_of(tape).items()
        ]
        stream = reactivex.merge(*streams).pipe(ops.take_until(transport.ended))
        async with values(bounded(stream, options, LoopScheduler.current())) as items:
            async for topic, item in items:
                output.event(topic, item.event, item.payload)


def print_lane(path: Path) -> None:
    """Print a recording as a test file, with its server as a lane.

    Args:
        path: The tape; ``-`` is stdin.

    Raises:
        OSError: The tape cannot be read.
        UsageError: It is not a tape, or has no join.
    """
    tape = read_tape(sys.stdin if path == STDIO else path)
    sys.stdout.write(written_as_test(tape))


def joins_of(tape: Iterable[Entry]) -> Joins:
    """Return the joined topics, and the params of their first joins."""
    joins: dict[str, Mapping[str, Any]] = {}
    for entry in tape:
        if isinstance(entry, Sent) and entry.message.event == JOIN:
            joins.setdefault(entry.message.topic, entry.message.payload)
    return joins
