"""How client and server may speak, and what some of these ways do not allow."""

from collections.abc import Callable, Mapping
from typing import Any

from rx_phoenix import LongPollTransport, SerializerV1

__all__ = ["SILENT_DEATH", "TRANSPORTS"]

TRANSPORTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "websocket": dict,
    "longpoll": lambda: {"transport": LongPollTransport()},
    "v1": lambda: {"serializer": SerializerV1()},
}
"""The options of a socket, by way: every test of the fixture runs in each of them."""

SILENT_DEATH = (
    "a session dies without a word: the poll that waits is answered after its window "
    "of 10 s, and the next one 2 s later"
)
