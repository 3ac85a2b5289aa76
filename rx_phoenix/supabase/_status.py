"""The status of a channel, and the server's words about it."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["POSTGRES", "ChannelStatus", "SystemMessage"]

POSTGRES = "postgres_changes"
"""The extension, the event and the config of changes of tables."""


class ChannelStatus(StrEnum):
    """The status of a channel."""

    JOINING = "joining"
    SUBSCRIBED = "subscribed"
    ERRORED = "errored"
    CLOSED = "closed"


class SystemMessage(Struct, frozen=True):
    """A ``system`` message: the server's words about a channel.

    Attributes:
        status: ``ok`` or ``error``.
        message: The words.
        extension: The part that it is about: ``postgres_changes``, ``system`` …
        channel: The name of the channel.
    """

    status: str
    message: str
    extension: str = "system"
    channel: str = ""

    @property
    def is_error(self) -> bool:
        """True if the status is not ``ok``."""
        return self.status != "ok"
