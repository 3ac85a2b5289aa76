"""Payloads as values of a user's type."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, overload

import msgspec
from reactivex import Observable, abc

from rx_phoenix.errors import PayloadError, UsageError
from rx_phoenix.logbook import fields, log

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
    type: Any,  # noqa: A002 - the word of the signature that users know
    *,
    on_error: Callable[[PayloadError], None] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Turn each payload into a value of a type; what does not fit is left out.

    Marbles, with ``decode_as(int)``::

        source  1-x-3|
        result  1---3|

    Args:
        type: A ``msgspec.Struct``, dataclass, TypedDict, attrs class or pydantic
            model, or what msgspec can build of those (``list[Order]``).
        on_error: Told of each payload that does not fit. Without it they are logged
            as warnings to ``rx_phoenix``.

    Raises:
        UsageError: No payload can become this type.

    It ends as the source ends, and by an exception of ``on_error``.

    >>> import reactivex
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> payloads = reactivex.of({"x": 1}, {"x": "two"}, {"x": 3})
    >>> subscription = payloads.pipe(decode_as(Point, on_error=print)).subscribe(print)
    Point(x=1)
    a payload is no Point: Expected `int`, got `str` - at `$.x`
    Point(x=3)
    """
    decode = decoder(type)
    report = on_error or _log

    def operator(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            def on_next(payload: object) -> None:
                try:
                    value = decode(payload)
                except PayloadError as misfit:
                    try:
                        report(misfit)
                    except Exception as error:  # noqa: BLE001 - Rx's rule: to on_error
                        observer.on_error(error)
                else:
                    observer.on_next(value)

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return Observable(subscribe)

    return operator


@overload
def decoder(type: type[T]) -> Callable[[object], T]: ...
@overload
def decoder(type: Any) -> Callable[[object], Any]: ...
def decoder(type: Any) -> Callable[[object], Any]:  # noqa: A002 - as in decode_as
    """The function that makes values of a type out of payloads.

    It raises a `PayloadError` for a payload that does not fit. Asking again for the
    same type costs next to nothing.

    Raises:
        UsageError: No payload can become this type.

    >>> decoder(list[int])([1, 2])
    [1, 2]
    """
    try:
        hash(type)
    except TypeError:  # Annotated with something mutable
        return _new_decoder(type)
    return _remembered(type)


def _new_decoder(type_: Any) -> Decode:
    convert = _conversion(type_)
    name = type_.__name__ if isinstance(type_, type) else repr(type_)

    def decode(payload: object) -> Any:
        try:
            return convert(payload)
        except Exception as error:
            # Validators of the user's may raise anything.
            raise PayloadError(f"a payload is no {name}: {error}", payload) from error

    return decode


_remembered = lru_cache(maxsize=256)(_new_decoder)


def _conversion(type_: Any) -> Decode:
    if hasattr(type_, "__pydantic_validator__"):
        return _pydantic_conversion(type_)
    try:
        information = msgspec.inspect.type_info(type_)
    except Exception as error:
        raise UsageError(f"{type_!r} cannot be decoded into: {error}") from error
    if isinstance(information, msgspec.inspect.CustomType):
        raise UsageError(
            f"{type_!r} cannot be decoded into: give a msgspec Struct, a dataclass, a "
            "TypedDict, an attrs class or a pydantic model"
        )
    return lambda payload: msgspec.convert(payload, type_)


def _pydantic_conversion(type_: Any) -> Decode:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - an extra

    validate = TypeAdapter[Any](type_).validate_python

    def convert(payload: object) -> Any:
        try:
            return validate(payload)
        except ValidationError as error:
            # Its own text quotes the values, which may be secret.
            raise ValueError(
                "; ".join(
                    f"{problem['msg']} - at {'.'.join(map(str, problem['loc']))}"
                    for problem in error.errors(include_url=False, include_input=False)
                )
            ) from error

    return convert


def _log(misfit: PayloadError) -> None:
    log.warning("%s", misfit, extra=fields(error=type(misfit).__name__))
