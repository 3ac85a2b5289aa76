"""The hook that sees every message of a channel before its listeners do."""

from collections.abc import Callable
from typing import Any

__all__ = ["Hook", "identity_hook"]

Hook = Callable[[str, Any, str | None], Any]
"""Takes event, payload and ref of each message; returns the payload to deliver."""


def identity_hook(_event: str, payload: Any, _ref: str | None) -> Any:
    """Return the payload as it came: the hook of a channel that has none.

    >>> identity_hook("new_msg", {"body": "hi"}, None)
    {'body': 'hi'}
    """
    return payload
