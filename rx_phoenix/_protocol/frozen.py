"""JSON that nobody can change, and that equals JSON that one could."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

__all__ = ["FrozenDict", "FrozenList", "drop", "freeze", "put"]

K = TypeVar("K")
V = TypeVar("V")


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError(
        f"a {type(self).__name__} cannot be changed, for others hold it too: "
        "make your own with copy()"
    )


class FrozenDict(dict[K, V]):
    """A dict that cannot be changed; `copy` gives one that can.

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
    """A list that cannot be changed; `copy` gives one that can.

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
    """JSON as a whole that cannot be changed; what is frozen already stays as it is.

    >>> freeze({"metas": [1]})["metas"].append(2)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    TypeError: a FrozenList cannot be changed, for others hold it too: ...
    """
    if isinstance(value, FrozenDict | FrozenList):
        return cast("Any", value)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return FrozenDict({key: freeze(inner) for key, inner in items})
    if isinstance(value, list):
        return FrozenList([freeze(inner) for inner in cast("list[Any]", value)])
    return value


def put(draft: FrozenDict[K, V], key: K, value: V) -> None:
    """Set an item of one that its maker has not shown to anybody yet."""
    super(FrozenDict, draft).__setitem__(key, value)


def drop(draft: FrozenDict[K, V], key: K) -> None:
    """Remove an item of one that its maker has not shown to anybody yet."""
    super(FrozenDict, draft).__delitem__(key)
