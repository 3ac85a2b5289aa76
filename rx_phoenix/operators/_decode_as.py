"""Decoding of payloads into values of a user's type."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from reactivex import Observable, abc

from rx_phoenix._log import fields, log
from rx_phoenix._streams.decoding import decoder
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix.errors import PayloadError

__all__ = ["decode_as"]

T = TypeVar("T")


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
    payload does not match Point: Expected `int`, got `str` - at `$.x`
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
                except ISOLATED as error:
                    skip(payload, contained(error))
                else:
                    observer.on_next(value)

            def skip(payload: object, error: Exception) -> None:
                try:
                    report(decoding.payload_error(payload, error))
                except ISOLATED as failure:
                    observer.on_error(contained(failure))

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return Observable(subscribe)

    return operator


def _log(error: PayloadError) -> None:
    log.warning("%s", error, extra=fields(error=type(error).__name__))
