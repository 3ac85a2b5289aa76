"""Parameters of a URL, nested as Plug nests them."""

from typing import Any
from urllib.parse import unquote_plus

__all__ = ["decode_query"]


def decode_query(query: str) -> dict[str, Any]:
    """Decode a query string: ``a[b]=c`` nests a map, ``l[]=1`` appends to a list.

    Args:
        query: The query string, without the ``?``.

    Returns:
        The parameters. A later one replaces an earlier one of the same name.

    Example:
        >>> decode_query("vsn=2.0.0&a[b]=c&l[]=1&l[]=2&name=J%C3%B6rg+B")
        {'vsn': '2.0.0', 'a': {'b': 'c'}, 'l': ['1', '2'], 'name': 'Jörg B'}
    """
    params: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        path = unquote_plus(name).replace("]", "").split("[")
        _put(params, path, unquote_plus(value))
    return params


def _put(params: dict[str, Any], path: list[str], value: str) -> None:
    """Set the value at a path; replace conflicting values."""
    name, *rest = path
    if rest == [""]:
        values = params.get(name)
        params[name] = [*values, value] if isinstance(values, list) else [value]
    elif rest:
        if not isinstance(params.get(name), dict):
            params[name] = {}
        _put(params[name], rest, value)
    else:
        params[name] = value
