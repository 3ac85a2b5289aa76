"""JSON from the command line."""

import sys
from typing import Any

import msgspec

from rx_phoenix.errors import UsageError

__all__ = ["STDIN", "params_of", "payload_of"]

STDIN = "-"
"""The argument that reads stdin."""


def payload_of(text: str | bytes) -> Any:
    """Parse a payload.

    Args:
        text: JSON; ``-`` reads it from stdin.

    Raises:
        UsageError: It is not valid JSON.

    >>> payload_of('{"n": 1}')
    {'n': 1}
    """
    given = sys.stdin.read() if text == STDIN else text
    if isinstance(given, str):
        # Bytes that the locale could not decode are as they were typed.
        given = given.encode(errors="surrogateescape")
    try:
        return msgspec.json.decode(given)
    except msgspec.DecodeError as error:
        words = f"the payload is not valid JSON: {error}"
        is_argument = isinstance(text, str) and text != STDIN
        raise UsageError(words + HINT if is_argument else words) from error


HINT = """. Quote it for the shell, as in '{"body": "hi"}', and quote a string twice, \
as in '"hi"'"""
"""The advice on a payload that came through a shell."""


def params_of(text: str, name: str = "--join") -> dict[str, Any]:
    """Parse the params of a join.

    Args:
        text: JSON.
        name: The name of the argument.

    Raises:
        UsageError: They are not a JSON object.
    """
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise UsageError(
            f'{name} must be a JSON object such as \'{{"name": "me"}}\': {error}'
        ) from error
