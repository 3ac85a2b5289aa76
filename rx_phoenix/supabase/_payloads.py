"""Payloads: what a broadcast holds, and how one becomes a user's type."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from rx_phoenix import PayloadError
from rx_phoenix._streams.decoding import decoder
from rx_phoenix._streams.failure import ISOLATED, contained

__all__ = ["Broadcast", "broadcast_of", "converter"]

T = TypeVar("T")


class Broadcast(msgspec.Struct, Generic[T], frozen=True):
    """A broadcast with its circumstances.

    Attributes:
        event: The name of its event.
        payload: Its payload: JSON, or bytes.
        meta: What the server adds, such as an id; empty if it adds nothing.
    """

    event: str
    payload: T
    meta: Mapping[str, Any] = {}


def broadcast_of(payload: object) -> Broadcast[Any]:
    """Return the broadcast that a payload is.

    Raises:
        PayloadError: It is not one.
    """
    if isinstance(payload, dict):
        content = cast("dict[str, Any]", payload)
        event, meta = content.get("event"), content.get("meta")
        if isinstance(event, str):
            known = cast("Mapping[str, Any]", meta if isinstance(meta, dict) else {})
            return Broadcast(event, content.get("payload"), known)
    raise PayloadError("payload is not a broadcast", cast("object", payload))


def converter(as_type: Any) -> Callable[[Any], Any]:
    """Return the function that decodes a payload; it raises a `PayloadError`."""
    if as_type is None:
        return lambda payload: payload
    decoding = decoder(as_type)

    def convert(payload: Any) -> Any:
        try:
            return decoding.convert(payload)
        except ISOLATED as caught:
            failure = decoding.payload_error(payload, contained(caught))
        # Outside of the handler, because the other exception may show a secret.
        raise failure

    return convert
