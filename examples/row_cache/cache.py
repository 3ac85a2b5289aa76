"""A cache that follows the rows of a server."""

from collections.abc import Callable
from typing import Any

from rx_phoenix import Socket
from rx_phoenix.operators import for_each

__all__ = ["RowCache"]


class RowCache:
    """The rows of a table, as the server last reported them.

    Attributes:
        rows: The rows by id.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}

    async def follow(self, new_socket: Callable[..., Socket]) -> None:
        """Follow the table until cancelled.

        Args:
            new_socket: Makes a socket.
        """
        async with new_socket() as socket:
            channel = socket.channel("rows:all")
            channel.on("saved", self.save)
            channel.on("deleted", self.delete)
            await for_each(channel.joined, self.start)

    def start(self, response: dict[str, Any]) -> None:
        """Begin with the rows of a join, which replace all that were known."""
        self.rows = dict(response["rows"])

    def save(self, row: dict[str, Any]) -> None:
        """Save a row."""
        self.rows[row["id"]] = row["value"]

    def delete(self, row: dict[str, Any]) -> None:
        """Delete a row."""
        self.rows.pop(row["id"], None)
