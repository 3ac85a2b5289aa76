"""The cache under simulation: each life has faults at other times."""

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from examples.row_cache.cache import RowCache
from examples.row_cache.table import Rows, Table
from rx_phoenix import Socket
from rx_phoenix.testing import Broken, ServerChannel, SimulatedRun, simulate


class Scene:
    """The cache and the table, new ones for each run.

    Args:
        make: Makes the cache.
    """

    def __init__(self, make: Callable[[], RowCache] = RowCache) -> None:
        self._make = make
        self.cache, self.table = make(), Table()

    def server(self) -> Mapping[str, Callable[[], ServerChannel]]:
        """Make the server of a run."""
        self.table = Table()
        return {"rows:*": partial(Rows, self.table)}

    async def app(self, new_socket: Callable[..., Socket]) -> None:
        """Run the program."""
        self.cache = self._make()
        await self.cache.follow(new_socket)

    def save_a_row(self, run: SimulatedRun) -> None:
        """Save a row on the server."""
        self.table.save(run.server, run.random)

    def delete_a_row(self, run: SimulatedRun) -> None:
        """Delete a row on the server."""
        self.table.delete(run.server, run.random)

    def cache_equals_server(self, run: SimulatedRun) -> None:
        """Compare them, once nothing is on its way any more."""
        if run.is_calm:
            assert self.cache.rows == self.table.rows

    def simulate(self, seeds: range) -> int:
        """Simulate the program."""
        return simulate(
            self.app,
            server=self.server,
            seeds=seeds,
            invariants=[self.cache_equals_server],
            actions=[self.save_a_row, self.delete_a_row],
        )


class StaleCache(RowCache):
    """A cache with a mistake: what was deleted during an outage survives the rejoin."""

    def start(self, response: dict[str, dict[str, int]]) -> None:
        """Add the rows of a join to those that were known."""
        self.rows.update(response["rows"])


def test_the_cache_equals_the_server_after_any_faults() -> None:
    assert Scene().simulate(range(5)) == 5


def test_a_cache_that_survives_a_rejoin_is_found_and_shown() -> None:
    with pytest.raises(Broken) as broken:
        Scene(StaleCache).simulate(range(200))

    assert broken.value.steps < 10
    assert broken.value.invariant == "cache equals server"
