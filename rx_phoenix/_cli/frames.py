"""Frames as lines, for ``--verbose``."""

from collections.abc import Collection

import reactivex
from msgspec.structs import replace
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.output import as_json
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.redaction import redactor
from rx_phoenix.socket import Socket

__all__ = ["frame_lines"]


def frame_lines(socket: Socket, secrets: Collection[str]) -> Observable[str]:
    """Emit a line for each frame: ``>`` for one sent, ``<`` for one received.

    Args:
        socket: The socket.
        secrets: The values that must not be shown.
    """
    redact = redactor(secrets)

    def line(mark: str, message: Message) -> str:
        hidden = replace(
            message,
            topic=redact(message.topic),
            event=redact(message.event),
            payload=redact(message.payload),
        )
        return f"{mark} {as_json(hidden)}"

    return reactivex.merge(
        socket.sent.pipe(ops.map(lambda message: line(">", message))),
        socket.frames.pipe(ops.map(lambda message: line("<", message))),
    )
