"""The hook that processes every message of a channel before its listeners."""

from collections.abc import Callable
from typing import Any

__all__ = ["Hook", "identity_hook"]

Hook = Callable[[str, Any, str | None], Any]
"""Called with event, payload and ref of each message; returns the new payload."""


def identity_hook(_event: str, payload: Any, _ref: str | None) -> Any:
    """Return the payload unchanged: the default hook.

    >>> identity_hook("new_msg", {"body": "hi"}, None)
    {'body': 'hi'}
    """
    return payload
