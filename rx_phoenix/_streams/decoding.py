"""Decoders of payloads into a user's type."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import lru_cache, partial
from typing import Any, get_args, get_type_hints, is_typeddict

import msgspec

from rx_phoenix._protocol.sent_secrets import hidden
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
        self._name = type_.__name__ if isinstance(type_, type) else repr(type_)
        if not isinstance(type_, type) and hasattr(type_, "validate_python"):
            self.convert: Decode = _in_our_words(type_.validate_python)
        elif any(map(_is_of_pydantic, _parts(type_))):
            self.convert = _by_pydantic(type_)
        else:
            self.convert = _by_msgspec(type_)
            self.read: Callable[[msgspec.Raw], Any] = msgspec.json.Decoder(type_).decode
            return
        self.read = lambda raw: self.convert(DECODE(raw))

    def payload_error(self, payload: object, cause: Exception) -> PayloadError:
        """Return the error of an invalid payload."""
        problem = hidden(str(cause))
        error = PayloadError(f"payload does not match {self._name}: {problem}", payload)
        # One that shows a secret is dropped, as those of a failed attempt are.
        if problem == str(cause):
            error.__cause__ = cause
        return error


CUSTOM = msgspec.inspect.CustomType
"""The kind of a type that msgspec leaves to a hook."""

DECODE = msgspec.json.Decoder().decode

_cached = lru_cache(maxsize=256)(Decoding)


def _by_msgspec(type_: Any) -> Decode:
    try:
        information = msgspec.inspect.type_info(type_)
    except ISOLATED as caught:
        error = contained(caught)
        words = str(error).replace("''", "'")  # around the name of a type
        raise UsageError(f"cannot decode payloads into {type_!r}: {words}") from error
    if isinstance(information, CUSTOM):
        raise UsageError(
            f"cannot decode payloads into {type_!r}: pass a msgspec Struct, a "
            "dataclass, a TypedDict, an attrs class, a pydantic model, or a type "
            "that is built of these"
        )
    # In JSON, keys are strings, whatever the type of a dict's keys.
    return partial(msgspec.convert, type=type_, str_keys=True)


def _is_of_attrs(part: Any) -> bool:
    return isinstance(part, type) and hasattr(part, "__attrs_attrs__")


def _is_struct(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, msgspec.Struct)


def _is_of_pydantic(part: Any) -> bool:
    """Return whether it is a model, a dataclass of pydantic, or metadata for it."""
    kind: type[Any] = part if isinstance(part, type) else type(part)
    is_model = hasattr(kind, "__pydantic_validator__")
    return is_model or kind.__module__.partition(".")[0] in FOR_PYDANTIC


FOR_PYDANTIC = {"pydantic", "annotated_types"}
"""The packages whose metadata pydantic heeds, and msgspec passes over."""


def _parts(type_: Any) -> Iterator[Any]:
    """Yield a type, and everything of which it is built."""
    waiting, seen = [type_], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        waiting.extend(get_args(part))
        waiting.extend(getattr(part, "__metadata__", ()))
        if hasattr(part, "__value__"):  # an alias made by `type X = …`
            waiting.append(part.__value__)
        waiting.append(getattr(part, "__supertype__", None))  # of a NewType
        if any(has_fields(part) for has_fields in WITH_FIELDS):
            waiting.extend(_hints(part).values())


def _is_named_tuple(part: Any) -> bool:
    return isinstance(part, type) and hasattr(part, "_fields")


WITH_FIELDS: Sequence[Callable[[Any], bool]] = (
    is_dataclass,
    is_typeddict,
    _is_named_tuple,
    _is_of_attrs,
    _is_struct,
)
"""The kinds of types whose fields have types of their own."""


def _hints(type_: Any) -> Mapping[str, Any]:
    try:
        return get_type_hints(type_, include_extras=True)
    except NameError:  # of a name that only the type checker knows
        return {}


def _by_pydantic(type_: Any) -> Decode:
    from pydantic import TypeAdapter  # noqa: PLC0415 - an extra

    try:
        return _in_our_words(TypeAdapter[Any](type_).validate_python)
    except ISOLATED as caught:
        error = contained(caught)
    try:
        # Structs, and the TypedDicts of Python 3.11, are known to msgspec alone.
        is_known = not isinstance(msgspec.inspect.type_info(type_), CUSTOM)
        msgspec.json.Decoder(type_, dec_hook=_decode_part)
    except ISOLATED as caught:
        contained(caught)
        is_known = False
    if not is_known:
        raise UsageError(f"cannot decode payloads into {type_!r}: {error}") from error
    return partial(msgspec.convert, type=type_, str_keys=True, dec_hook=_decode_part)


def _decode_part(type_: Any, payload: object) -> Any:
    """Decode a part of a payload that msgspec leaves to us."""
    return decoder(type_).convert(payload)


def _in_our_words(validate: Decode) -> Decode:
    """Take the values, which may be secret, out of what pydantic raises."""
    from pydantic import ValidationError  # noqa: PLC0415 - an extra

    def convert(payload: object) -> Any:
        try:
            return validate(payload)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
        # Outside of the handler, because the other exception shows its input.
        raise ValueError("; ".join(map(_in_words, problems)))

    return convert


def _in_words(problem: Any) -> str:
    place = ".".join(map(str, problem["loc"]))
    return f"{problem['msg']} - at {place}" if place else problem["msg"]
