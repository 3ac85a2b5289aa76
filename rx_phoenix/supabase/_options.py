"""The options of a channel, as it is asked for."""

from collections.abc import Mapping
from types import NoneType

import msgspec

from rx_phoenix import UsageError

__all__ = ["ChannelOptions"]

OPTION_TYPES = {
    "private": (bool, "a bool"),
    "ack": (bool, "a bool"),
    "self_": (bool, "a bool"),
    "presence_key": ((str, NoneType), "text or None"),
    "replay": ((Mapping, NoneType), "a mapping or None"),
}


class ChannelOptions(msgspec.Struct, frozen=True):
    """The options of a channel.

    Attributes:
        private: True if policies on ``realtime.messages`` decide who may join.
        ack: True if the server acknowledges broadcasts.
        self_: True if the server sends a client its own broadcasts.
        presence_key: The key of one's own presence; the server makes one if None.
        replay: Broadcasts of the past to get after the join, such as
            ``{"since": 1700000000000, "limit": 10}``; only of private channels.

    Raises:
        UsageError: An option is of another type.
    """

    private: bool = False
    ack: bool = False
    self_: bool = False
    presence_key: str | None = None
    replay: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        for name, (kinds, takes) in OPTION_TYPES.items():
            value: object = getattr(self, name)
            if not isinstance(value, kinds):
                raise UsageError(f"{name} must be {takes}, got {value!r}")
