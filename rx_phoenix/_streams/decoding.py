"""Decoders of payloads into a user's type."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import msgspec

from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix.errors import PayloadError, UsageError

__all__ = ["Decoding", "decoder"]

Decode = Callable[[object], Any]


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
        read: Decodes a payload in JSON; it may raise the same.
    """

    __slots__ = ("_name", "convert", "read")

    def __init__(self, type_: Any) -> None:
        is_pydantic = hasattr(type_, "__pydantic_validator__")
        self.convert = (_by_pydantic if is_pydantic else _by_msgspec)(type_)
        self.read: Callable[[msgspec.Raw], Any] = (
            (lambda raw: self.convert(DECODE(raw)))
            if is_pydantic
            else msgspec.json.Decoder(type_).decode
        )
        self._name = type_.__name__ if isinstance(type_, type) else repr(type_)

    def payload_error(self, payload: object, cause: Exception) -> PayloadError:
        """Return the error of an invalid payload."""
        error = PayloadError(f"payload is not a {self._name}: {cause}", payload)
        error.__cause__ = cause
        return error


DECODE = msgspec.json.Decoder().decode

_cached = lru_cache(maxsize=256)(Decoding)


def _by_msgspec(type_: Any) -> Decode:
    try:
        information = msgspec.inspect.type_info(type_)
    except ISOLATED as caught:
        error = contained(caught)
        raise UsageError(f"cannot decode payloads into {type_!r}: {error}") from error
    if isinstance(information, msgspec.inspect.CustomType):
        raise UsageError(
            f"cannot decode payloads into {type_!r}: pass a msgspec Struct, a "
            "dataclass, a TypedDict, an attrs class or a pydantic model"
        )
    # In JSON, keys are strings, whatever the type of a dict's keys.
    return partial(msgspec.convert, type=type_, str_keys=True)


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
