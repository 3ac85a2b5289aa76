"""Frames as lines, for ``--verbose``."""

from collections.abc import Collection

import reactivex
from msgspec.structs import replace
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.output import as_json
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN
from rx_phoenix._protocol.redaction import forms_of, redactor, values_in
from rx_phoenix.socket import Socket

__all__ = ["FrameRedactor", "frame_lines"]


class FrameRedactor:
    """Takes secrets out of messages: known ones, and params of the joins so far.

    Args:
        secrets: The values that must not be shown.
        names: More names of secrets.

    >>> redactor = FrameRedactor(["hunter2"])
    >>> redactor.sent(Message("1", "1", "room:1", "phx_join", {"key": "Joined-1"}))
    >>> said = Message("1", None, "room:1", "said", "hunter2 and Joined-1")
    >>> redactor.redacted(said).payload
    '[redacted] and [redacted]'
    """

    def __init__(self, secrets: Collection[str], names: Collection[str] = ()) -> None:
        self._known = set(secrets)
        self._names = names
        self._redact = redactor(self._known, names)

    def sent(self, message: Message) -> None:
        """Learn the params of a join, of whatever name."""
        if message.event == JOIN:
            self._known |= forms_of(values_in(message.payload, message.topic))
            self._redact = redactor(self._known, self._names)

    def redacted(self, message: Message) -> Message:
        """Return a message without secrets."""
        return replace(
            message,
            topic=self._redact(message.topic),
            event=self._redact(message.event),
            payload=self._redact(message.payload),
        )


def frame_lines(socket: Socket, secrets: Collection[str]) -> Observable[str]:
    """Emit a line for each frame: ``>`` for one sent, ``<`` for one received.

    Args:
        socket: The socket.
        secrets: The values that must not be shown.
    """
    frames = FrameRedactor(secrets)

    def line(mark: str, message: Message) -> str:
        return f"{mark} {as_json(frames.redacted(message))}"

    return reactivex.merge(
        socket.sent.pipe(
            ops.do_action(frames.sent), ops.map(lambda message: line(">", message))
        ),
        socket.frames.pipe(ops.map(lambda message: line("<", message))),
    )
