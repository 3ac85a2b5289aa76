"""Decoding of payloads into values of a user's type."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeVar, overload

import msgspec
from reactivex import Observable, abc

from rx_phoenix._log import fields, log
from rx_phoenix.errors import PayloadError, UsageError

__all__ = ["decode_as", "decoder"]

T = TypeVar("T")

Decode = Callable[[object], Any]


@overload
def decode_as(
    type: type[T], *, on_error: Callable[[PayloadError], None] | None = None
) -> Callable[[Observable[Any]], Observable[T]]: ...
@overload
def decode_as(
    type: Any, *, on_error: Callable[[PayloadError], None] | None = None
) -> Callable[[Observable[Any]], Observable[Any]]: ...
def decode_as(
    type: Any,  # noqa: A002 - the name in msgspec's signature, which users know
    *,
    on_error: Callable[[PayloadError], None] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Decode each payload into a value of a type, and skip invalid payloads.

    Marbles, with ``decode_as(int)``::

        source  1-x-3|
        result  1---3|

    Args:
        type: A ``msgspec.Struct``, dataclass, TypedDict, attrs class or pydantic
            model, or a type that msgspec composes of those (``list[Order]``).
        on_error: Called with an error for each invalid payload. Without it they are
            logged as warnings to ``rx_phoenix``.

    Raises:
        UsageError: Payloads cannot be decoded into this type.

    It ends when the source ends, and fails if ``on_error`` raises.

    >>> import reactivex
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> payloads = reactivex.of({"x": 1}, {"x": "two"}, {"x": 3})
    >>> subscription = payloads.pipe(decode_as(Point, on_error=print)).subscribe(print)
    Point(x=1)
    payload is not a Point: Expected `int`, got `str` - at `$.x`
    Point(x=3)
    """
    decoding = decoder(type)
    convert, report = decoding.convert, on_error or _log

    def operator(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            def on_next(payload: object) -> None:
                try:
                    value = convert(payload)
                except Exception as error:  # noqa: BLE001 - a validator raises any
                    skip(payload, error)
                else:
                    observer.on_next(value)

            def skip(payload: object, error: Exception) -> None:
                try:
                    report(decoding.payload_error(payload, error))
                except Exception as failure:  # noqa: BLE001 - Rx's rule: to on_error
                    observer.on_error(failure)

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return Observable(subscribe)

    return operator


def decoder(type: Any) -> "Decoding":  # noqa: A002 - as in decode_as
    """Return the decoder of a type, cached for hashable types.

    Raises:
        UsageError: Payloads cannot be decoded into this type.

    >>> decoder(list[int]).convert([1, 2])
    [1, 2]
    """
    try:
        hash(type)
    except TypeError:  # Annotated with something mutable
        return Decoding(type)
    return _cached(type)


class Decoding:
    """A decoder of payloads into one type.

    Args:
        type_: The type.

    Attributes:
        convert: Decodes a payload. The user's validators may raise any exception.
    """

    __slots__ = ("_name", "convert")

    def __init__(self, type_: Any) -> None:
        is_pydantic = hasattr(type_, "__pydantic_validator__")
        self.convert = (_by_pydantic if is_pydantic else _by_msgspec)(type_)
        self._name = type_.__name__ if isinstance(type_, type) else repr(type_)

    def payload_error(self, payload: object, cause: Exception) -> PayloadError:
        """Return the error of an invalid payload."""
        error = PayloadError(f"payload is not a {self._name}: {cause}", payload)
        error.__cause__ = cause
        return error


_cached = lru_cache(maxsize=256)(Decoding)


def _by_msgspec(type_: Any) -> Decode:
    try:
        information = msgspec.inspect.type_info(type_)
    except Exception as error:
        raise UsageError(f"cannot decode payloads into {type_!r}: {error}") from error
    if isinstance(information, msgspec.inspect.CustomType):
        raise UsageError(
            f"cannot decode payloads into {type_!r}: pass a msgspec Struct, a "
            "dataclass, a TypedDict, an attrs class or a pydantic model"
        )
    return partial(msgspec.convert, type=type_)


def _by_pydantic(type_: Any) -> Decode:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - an extra

    validate = TypeAdapter[Any](type_).validate_python

    def convert(payload: object) -> Any:
        try:
            return validate(payload)
        except ValidationError as error:
            # Its message quotes the values, which may be secret.
            raise ValueError(
                "; ".join(
                    f"{problem['msg']} - at {'.'.join(map(str, problem['loc']))}"
                    for problem in error.errors(include_url=False, include_input=False)
                )
            ) from error

    return convert


def _log(error: PayloadError) -> None:
    log.warning("%s", error, extra=fields(error=type(error).__name__))
