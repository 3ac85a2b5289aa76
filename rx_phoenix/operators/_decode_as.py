"""Payloads as values of a user's type."""

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
                except Exception as error:  # noqa: BLE001 - a validator's may be any
                    leave_out(payload, error)
                else:
                    observer.on_next(value)

            def leave_out(payload: object, error: Exception) -> None:
                try:
                    report(decoding.misfit(payload, error))
                except Exception as failure:  # noqa: BLE001 - Rx's rule: to on_error
                    observer.on_error(failure)

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return Observable(subscribe)

    return operator


def decoder(type: Any) -> "Decoding":  # noqa: A002 - as in decode_as
    """What makes values of a type out of payloads.

    Asking again for the same type costs next to nothing.

    Raises:
        UsageError: No payload can become this type.

    >>> decoder(list[int]).convert([1, 2])
    [1, 2]
    """
    try:
        hash(type)
    except TypeError:  # Annotated with something mutable
        return Decoding(type)
    return _remembered(type)


class Decoding:
    """Makes values of a type.

    Args:
        type_: The type.

    Attributes:
        convert: Makes one of a payload. Validators of the user's may raise anything.
    """

    __slots__ = ("_name", "convert")

    def __init__(self, type_: Any) -> None:
        is_pydantic = hasattr(type_, "__pydantic_validator__")
        self.convert = (_by_pydantic if is_pydantic else _by_msgspec)(type_)
        self._name = type_.__name__ if isinstance(type_, type) else repr(type_)

    def misfit(self, payload: object, cause: Exception) -> PayloadError:
        """The error of a payload that does not fit."""
        misfit = PayloadError(f"a payload is no {self._name}: {cause}", payload)
        misfit.__cause__ = cause
        return misfit


_remembered = lru_cache(maxsize=256)(Decoding)


def _by_msgspec(type_: Any) -> Decode:
    try:
        information = msgspec.inspect.type_info(type_)
    except Exception as error:
        raise UsageError(f"{type_!r} cannot be decoded into: {error}") from error
    if isinstance(information, msgspec.inspect.CustomType):
        raise UsageError(
            f"{type_!r} cannot be decoded into: give a msgspec Struct, a dataclass, a "
            "TypedDict, an attrs class or a pydantic model"
        )
    return partial(msgspec.convert, type=type_)


def _by_pydantic(type_: Any) -> Decode:
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
