"""JSON from the command line."""

import sys
from typing import Any

import msgspec

from rx_phoenix.errors import UsageError

__all__ = ["params_of", "payload_of"]

STDIN = "-"
"""What stands for stdin."""


def payload_of(text: str) -> Any:
    """Read a payload.

    Args:
        text: JSON; ``-`` reads it from stdin.

    Raises:
        UsageError: It is no JSON.

    >>> payload_of('{"n": 1}')
    {'n': 1}
    """
    given = sys.stdin.read() if text == STDIN else text
    try:
        return msgspec.json.decode(given)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"the payload is no JSON: {error}. Quote it for the shell, as in "
            """'{"body": "hi"}'; a string has quotes of its own, as in '"hi"'"""
        ) from error


def params_of(text: str) -> dict[str, Any]:
    """Read what to join a topic with.

    Raises:
        UsageError: It is no JSON, or no object.
    """
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise UsageError(
            f'--join takes a JSON object, as in \'{{"name": "me"}}\': {error}'
        ) from error
