"""Conditions on rows."""

import pytest

from rx_phoenix.testing.supabase import Table
from rx_phoenix.testing.supabase._tables import FilterError, condition_of

TABLE = Table("t", {"id": "int8", "name": "text", "done": "bool", "note": "text"})
ROW = {"id": 2, "name": "b", "done": True, "note": None}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (None, True),
        ("", True),
        ("id=eq.2", True),
        ("id=eq.3", False),
        ("id=neq.3", True),
        ("id=lt.10", True),
        ("id=lte.1", False),
        ("id=gt.1", True),
        ("id=gte.2.5", False),
        ("id=in.(1,2)", True),
        ("name=eq.b", True),
        ("name=in.(a,c)", False),
        ("done=eq.true", True),
        ("done=eq.false", False),
        ("note=neq.x", False),
    ],
)
def test_a_condition_holds_or_does_not(text, holds):
    assert condition_of(text, TABLE)(ROW) is holds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id=like.1", "Error parsing `filter` params"),
        ("id", "Error parsing"),
        ("x=eq.1", 'column "x" does not exist'),
        ("id=gt.abc", 'invalid input syntax for type int8: "abc"'),
        ("id=in.(1,b)", 'invalid input syntax for type int8: "b"'),
    ],
)
def test_a_filter_that_cannot_be_is_an_error(text, words):
    with pytest.raises(FilterError, match=words):
        condition_of(text, TABLE)


@pytest.mark.parametrize(
    ("text", "holds"), [("x=eq.1", True), ("x=gt.a", False), ("x=in.(a,1)", True)]
)
def test_a_table_without_columns_has_any(text, holds):
    assert condition_of(text, Table("t"))({"x": 1}) is holds
