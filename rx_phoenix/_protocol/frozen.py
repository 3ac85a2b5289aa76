"""JSON that cannot be changed, and that equals the same JSON as plain objects."""

from collections.abc import Callable
from itertools import chain
from typing import Any, NoReturn, TypeVar, cast

__all__ = ["IMMUTABLE", "FrozenDict", "FrozenList", "drop", "freeze", "put"]

K = TypeVar("K")
V = TypeVar("V")


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError(
        f"a {type(self).__name__} cannot be changed because others hold it too: "
        "make your own with copy()"
    )


class FrozenDict(dict[K, V]):
    """A dict that cannot be changed; `copy` returns one that can.

    >>> FrozenDict(a=1) == {"a": 1}
    True
    """

    __slots__ = ()

    __setitem__: Callable[..., NoReturn] = _refuse
    __delitem__: Callable[..., NoReturn] = _refuse
    __ior__: Callable[..., NoReturn] = _refuse
    clear: Callable[..., NoReturn] = _refuse
    pop: Callable[..., NoReturn] = _refuse
    popitem: Callable[..., NoReturn] = _refuse
    setdefault: Callable[..., NoReturn] = _refuse
    update: Callable[..., NoReturn] = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return self.__class__, (self.copy(),)


class FrozenList(list[V]):
    """A list that cannot be changed; `copy` returns one that can.

    >>> FrozenList([1, 2]) == [1, 2]
    True
    """

    __slots__ = ()

    __setitem__: Callable[..., NoReturn] = _refuse
    __delitem__: Callable[..., NoReturn] = _refuse
    __iadd__: Callable[..., NoReturn] = _refuse
    __imul__: Callable[..., NoReturn] = _refuse
    append: Callable[..., NoReturn] = _refuse
    clear: Callable[..., NoReturn] = _refuse
    extend: Callable[..., NoReturn] = _refuse
    insert: Callable[..., NoReturn] = _refuse
    pop: Callable[..., NoReturn] = _refuse
    remove: Callable[..., NoReturn] = _refuse
    reverse: Callable[..., NoReturn] = _refuse
    sort: Callable[..., NoReturn] = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return self.__class__, (self.copy(),)


def freeze(value: Any) -> Any:
    """Return JSON that cannot be changed at any depth; frozen parts are reused.

    >>> freeze({"metas": [1]})["metas"].append(2)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    TypeError: a FrozenList cannot be changed because others hold it too: ...
    """
    if isinstance(value, FrozenDict | FrozenList):
        return cast("Any", value)
    # A state has tens of thousands of scalars: none costs a call.
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value)
        if not IMMUTABLE.issuperset(map(type, items.values())):
            items = {
                key: inner if type(inner) in IMMUTABLE else freeze(inner)
                for key, inner in items.items()
            }
        return FrozenDict(items)
    if isinstance(value, list):
        inner_values = cast("list[Any]", value)
        if _are_flat(inner_values):
            return FrozenList(map(FrozenDict, inner_values))
        return FrozenList(
            [
                inner if type(inner) in IMMUTABLE else freeze(inner)
                for inner in inner_values
            ]
        )
    return value


def _are_flat(values: list[Any]) -> bool:
    """Return True if all are dicts that need no freezing below them.

    A key may have hundreds of thousands of metas: none of them costs a call.
    """
    if set(map(type, values)) != {dict}:
        return False
    inner = chain.from_iterable(map(dict[Any, Any].values, values))
    return IMMUTABLE.issuperset(map(type, inner))


IMMUTABLE = frozenset(
    (str, int, float, bool, type(None), bytes, FrozenDict, FrozenList)
)
"""The types of JSON that need no freezing."""

put: Callable[..., None] = dict[Any, Any].__setitem__
"""Set an item of a draft, which its maker has not shared yet."""

drop: Callable[..., None] = dict[Any, Any].__delitem__
"""Remove an item of a draft, which its maker has not shared yet."""
