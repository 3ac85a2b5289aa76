"""Payloads as JSON: the types that are known, and the place of one that is not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from os import PathLike, fspath
from typing import Any, cast

import msgspec

__all__ = ["FAILURES", "EncodeHook", "PayloadEncoder"]

EncodeHook = Callable[[Any], Any]
"""Returns something that can be encoded in place of a value, or raises
`NotImplementedError` to leave it to the default hook."""

FAILURES = (TypeError, ValueError, RecursionError, OverflowError)
"""The exceptions of an encoder."""

MAX_DEPTH = 100
"""The deepest place that is looked for."""

NOT_FINITE = "it contains a NaN or an infinity"


class PayloadEncoder:
    """Encodes what msgspec does, and some types that programs often have.

    Args:
        hook: Encodes further types, or other than by default.

    >>> from pathlib import PurePosixPath
    >>> PayloadEncoder().encode({"file": PurePosixPath("/etc/hosts")})
    b'{"file":"/etc/hosts"}'
    >>> PayloadEncoder().place({"rows": [1, {"at": object()}]})
    'rows[1].at'
    """

    def __init__(self, hook: EncodeHook | None = None) -> None:
        self._hook = hook
        self.encode = msgspec.json.Encoder(enc_hook=self._substitute).encode

    def problem(self, payload: object) -> str:
        """Return why an encoded payload is not what it seems to be; empty if it is.

        msgspec silently encodes NaN and infinity as null.
        """
        return "" if self._is_finite(payload) else NOT_FINITE

    def place(self, payload: object) -> str:
        """Return the place in a payload of the value that cannot be encoded."""
        place = ""
        for _ in range(MAX_DEPTH):
            for step, value in children(payload):
                if not self._can_encode(value):
                    place, payload = place + step, value
                    break
            else:
                break
        return place.removeprefix(".")

    def _can_encode(self, value: object) -> bool:
        try:
            self.encode(value)
            return self._is_finite(value)
        except FAILURES:
            return False

    def _substitute(self, value: Any) -> Any:
        try:
            return self._by_hook(value)
        except FAILURES:
            raise
        except Exception as error:
            # Of the hook, or of a method of the value: any kind may come.
            raise TypeError(f"encoding it raised {error!r}") from error

    def _by_hook(self, value: Any) -> Any:
        if self._hook is not None:
            try:
                return self._hook(value)
            except NotImplementedError:
                pass  # left to the default
        return substitute(value)

    def _without_raw(self, value: Any) -> Any:
        return None if isinstance(value, msgspec.Raw) else self._substitute(value)

    def _is_finite(self, payload: object) -> bool:
        waiting = [msgspec.to_builtins(payload, enc_hook=self._without_raw)]
        while waiting:
            value = waiting.pop()
            if isinstance(value, float):
                if not isfinite(value):
                    return False
            elif isinstance(value, dict):
                waiting.extend(cast("dict[Any, Any]", value).values())
            elif isinstance(value, list | tuple):
                waiting.extend(cast("list[Any]", value))
        return True


def substitute(value: Any) -> Any:
    """Return something that msgspec encodes in place of a value that it does not.

    Raises:
        TypeError: There is none.

    >>> class Name(str): pass
    >>> substitute(Name("Ann"))
    'Ann'
    """
    kind = cast("type[Any]", type(value))
    for base, exact in EXACT.items():
        if issubclass(kind, base) and kind is not bool:  # a bool as a key of a dict
            # The value itself: a subclass may return anything from str() or int().
            return exact(value)
    if isinstance(value, PathLike):
        return fspath(cast("PathLike[str]", value))
    # By their methods, so that neither library need be installed.
    for name, options in METHODS.items():
        method = getattr(kind, name, None)
        if method is not None:
            return method(value, **options)
    raise TypeError(f"objects of type {kind.__qualname__} are not supported")


EXACT: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
}

METHODS: dict[str, dict[str, Any]] = {
    "model_dump": {"mode": "json"},  # pydantic's models
    "tolist": {},  # numpy's scalars and arrays
}


def children(value: Any) -> Iterator[tuple[str, object]]:
    """Yield the parts of a value, each with the step that leads to it."""
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[Any, Any]", value).items():
            yield f".{key}", part
    elif isinstance(value, list | tuple | set | frozenset):
        for index, part in enumerate(cast("list[Any]", value)):
            yield f"[{index}]", part
    else:
        for name in names_of(value):
            yield f".{name}", getattr(value, name, None)


def names_of(value: object) -> Iterator[str]:
    """Yield the names of the fields of an object that has some."""
    attributes: tuple[Any, ...] = getattr(type(value), "__attrs_attrs__", ())
    if isinstance(value, msgspec.Struct):
        yield from value.__struct_fields__
    elif is_dataclass(value):
        yield from (field.name for field in fields(value))
    yield from (attribute.name for attribute in attributes)
