"""Tables whose changes are made by a test, and the conditions on their rows."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Condition", "FilterError", "Table", "condition_of"]

Condition = Callable[[Mapping[str, Any]], bool]
"""Returns True if a row is to be sent."""

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


class FilterError(ValueError):
    """A filter that cannot be, with the server's words."""


@dataclass(frozen=True)
class Table:
    """A table that the server knows.

    Attributes:
        name: The name.
        columns: The types of the columns by their names.
        schema: The schema.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    schema: str = "public"


def condition_of(text: str | None, table: Table) -> Condition:
    """Return the condition of a filter, such as ``id=eq.1`` or ``id=in.(1,2)``.

    Raises:
        FilterError: The filter, or its column, is unknown.
    """
    if not text:
        return lambda _: True
    column, _, rest = text.partition("=")
    name, _, value = rest.partition(".")
    if table.columns and column not in table.columns:
        raise FilterError(f'column "{column}" does not exist in {table.name}')
    if name == "in" and value.startswith("(") and value.endswith(")"):
        values = value[1:-1].split(",")
        return lambda row: str(row.get(column)) in values
    compare = COMPARISONS.get(name)
    if compare is None:
        raise FilterError(f'Error parsing `filter` params: ["{column}", "{rest}"]')

    def condition(row: Mapping[str, Any]) -> bool:
        cell = row.get(column)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            return compare(cell, float(value))
        return compare(str(cell), value)

    return condition
