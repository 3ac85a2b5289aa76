"""Tables whose changes are made by a test, and the conditions on their rows."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rx_phoenix._protocol.checks import check_instance

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


NUMERIC = "int", "float", "numeric", "decimal", "bigint", "smallint", "real", "double"
"""The beginnings of the types of columns that are numbers."""


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

    def __post_init__(self) -> None:
        check_instance("name", self.name, str, "text")
        check_instance("columns", self.columns, Mapping, "a mapping of names to types")
        check_instance("schema", self.schema, str, "text")


def condition_of(text: str | None, table: Table) -> Condition:
    """Return the condition of a filter, such as ``id=eq.1`` or ``id=in.(1,2)``.

    Raises:
        FilterError: The filter or its column is unknown, or a value does not fit it.
    """
    if not text:
        return lambda _: True
    column, _, rest = text.partition("=")
    name, _, value = rest.partition(".")
    if table.columns and column not in table.columns:
        raise FilterError(f'column "{column}" does not exist in {table.name}')
    is_list = name == "in" and value.startswith("(") and value.endswith(")")
    compare = operator.eq if is_list else COMPARISONS.get(name)
    if compare is None:
        raise FilterError(f'Error parsing `filter` params: ["{column}", "{rest}"]')
    values = value[1:-1].split(",") if is_list else [value]
    _check_values(values, table.columns.get(column, ""))

    def condition(row: Mapping[str, Any]) -> bool:
        cell = row.get(column)
        if cell is None:  # as in SQL, no comparison with NULL holds
            return False
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            numbers = [it for it in map(_number, values) if it is not None]
            return any(compare(cell, number) for number in numbers)
        text = str(cell).lower() if isinstance(cell, bool) else str(cell)
        return any(compare(text, one) for one in values)

    return condition


def _check_values(values: Sequence[str], kind: str) -> None:
    for value in values:
        if kind.startswith(NUMERIC) and _number(value) is None:
            raise FilterError(f'invalid input syntax for type {kind}: "{value}"')


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
