"""The channel of the dialect's server."""

import pytest

from rx_phoenix.testing.supabase import Table
from rx_phoenix.testing.supabase._room import Binding
from rx_phoenix.testing.supabase._tables import FilterError

TABLE = Table("t", {"id": "int8"}, "public")


class Tables:
    def find(self, schema, table):
        return TABLE if table in {None, "t"} else None


def prepared(**asked):
    binding = Binding(1, asked)
    binding.prepare(Tables())
    return binding


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"event": "*"}, True),
        ({"event": "INSERT", "table": "t"}, True),
        ({"event": "DELETE"}, False),
        ({"event": "*", "schema": "other"}, False),
        ({"event": "*", "table": "t", "filter": "id=eq.1"}, True),
        ({"event": "*", "table": "t", "filter": "id=eq.2"}, False),
    ],
)
def test_a_binding_fits_a_change(asked, fits):
    assert prepared(**asked).fits("INSERT", TABLE, {"id": 1}) is fits


def test_a_binding_of_an_unknown_table_has_the_servers_words():
    with pytest.raises(FilterError, match=r"\[event: \*, schema: public, table: x"):
        prepared(event="*", table="x")


def test_a_binding_that_is_not_prepared_fits_nothing():
    assert not Binding(1, {"event": "*"}).fits("INSERT", TABLE, {})
