"""The server of the cache: a table whose changes are broadcast."""

from random import Random

from rx_phoenix.testing import Endpoint, ServerChannel

__all__ = ["Rows", "Table"]


class Table:
    """The rows of the server."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def save(self, server: Endpoint, random: Random) -> None:
        """Save a random row."""
        row = random.choice("abc")
        self.rows[row] = random.randrange(100)
        server.broadcast("rows:all", "saved", {"id": row, "value": self.rows[row]})

    def delete(self, server: Endpoint, random: Random) -> None:
        """Delete a random row."""
        row = random.choice("abc")
        self.rows.pop(row, None)
        server.broadcast("rows:all", "deleted", {"id": row})


class Rows(ServerChannel):
    """A channel whose join answers with all rows.

    Args:
        table: The table.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def join(self, params: object) -> object:  # noqa: ARG002 - none are needed
        """Answer with the rows."""
        return {"rows": dict(self._table.rows)}
