"""Payloads become values of a type, and a misfit is told without ending anything."""

import dataclasses
import logging
import sys
from datetime import date
from typing import Annotated, Any, TypedDict

import attrs
import msgspec
import pydantic
import pydantic.dataclasses
import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._streams.decoding import decoder
from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import PayloadError, UsageError
from rx_phoenix.operators._decode_as import decode_as


class Struct(msgspec.Struct):
    id: int
    at: date


@dataclasses.dataclass
class Data:
    id: int
    at: date


class Typed(TypedDict):
    id: int
    at: date


@attrs.define
class Attrs:
    id: int
    at: date


class Model(pydantic.BaseModel):
    id: int
    at: date


@pydantic.dataclasses.dataclass
class ModelData:
    id: int
    at: date


class Root(pydantic.RootModel[list[int]]):
    pass


class Plain:
    pass


@dataclasses.dataclass
class Picky:
    id: int

    def __post_init__(self):
        if self.id < 0:
            raise LookupError("ids start at 0")


TYPES = [Struct, Data, Typed, Attrs, Model, ModelData]
PAYLOAD = {"id": 1, "at": "2026-02-03"}
MOMENT = date(2026, 2, 3)


def decoded(type_, payload):
    """What becomes of one payload, or of one that does not fit."""
    values, misfits = [], []
    decode = decode_as(type_, on_error=misfits.append)
    reactivex.just(payload).pipe(decode).subscribe(values.append)
    for misfit in misfits:
        raise misfit
    (value,) = values
    return value


@pytest.mark.parametrize("type_", TYPES)
def test_a_payload_becomes_a_value_of_the_type(type_):
    assert decoded(type_, PAYLOAD) == type_(id=1, at=MOMENT)


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize(
    "payload",
    [{"id": "one", "at": "2026-02-03"}, {"id": 1}, {}, [], None, 1, "x", b"y"],
)
def test_a_misfit_is_a_payload_error_that_holds_the_payload(type_, payload):
    with pytest.raises(PayloadError, match=f"not match {type_.__name__}: ") as raised:
        decoded(type_, payload)

    assert raised.value.payload is payload


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        (list[Struct], [PAYLOAD]),
        (dict[str, int], {"a": 1}),
        (int | str, "x"),
        (bytes, b"\x00"),
        (Annotated[int, msgspec.Meta(ge=0)], 3),
        (Annotated[int, ["not hashable"]], 4),
        (Any, {"a": [1]}),
        (None, None),
    ],
)
def test_what_msgspec_builds_of_types_is_a_type_too(type_, payload):
    assert msgspec.to_builtins(decoded(type_, payload)) == msgspec.to_builtins(payload)


def test_a_pydantic_root_model_is_a_type_too():
    assert decoded(Root, [1, 2]) == Root([1, 2])


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_whatever_does_not_fit_is_a_payload_error(payload):
    with pytest.raises(PayloadError):
        decoded(Struct, payload)


def test_an_exception_of_the_types_own_is_a_payload_error():
    with pytest.raises(PayloadError, match="not match Picky: ids start at 0"):
        decoded(Picky, {"id": -1})


def test_an_error_says_where_the_payload_does_not_fit():
    with pytest.raises(PayloadError, match=r"Expected `int`, got `str` - at `\$.id`"):
        decoded(Struct, {"id": "one", "at": "2026-02-03"})


def test_an_error_of_pydantic_says_where_but_does_not_quote():
    with pytest.raises(PayloadError) as raised:
        decoded(Model, {"id": "s3cret", "at": "2026-02-03"})

    assert "unable to parse string as an integer - at id" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("type_", [Plain, object, "Struct", 3, print])
def test_a_type_that_nothing_can_become_is_refused_at_the_call(type_):
    with pytest.raises(UsageError, match="cannot decode payloads into"):
        decode_as(type_)


def test_a_decoder_is_made_once():
    assert decoder(list[Data]) is decoder(list[Data])


@pytest.fixture
def source():
    return Hub(report=pytest.fail)


def test_one_bad_payload_is_told_and_ends_nothing(source, notes):
    misfits = []
    source.observable.pipe(decode_as(Picky, on_error=misfits.append)).subscribe(notes)

    source.on_next({"id": 1})
    source.on_next({"id": "two"})
    source.on_next({"id": 3})

    assert notes.values == [Picky(1), Picky(3)]
    assert [misfit.payload for misfit in misfits] == [{"id": "two"}]
    assert notes.is_open


def test_without_on_error_a_bad_payload_is_logged(source, notes, caplog):
    source.observable.pipe(decode_as(Picky)).subscribe(notes)

    source.on_next({"id": "two"})

    assert caplog.record_tuples == [
        (
            "rx_phoenix",
            logging.WARNING,
            "payload does not match Picky: Expected `int`, got `str` - at `$.id`",
        )
    ]
    assert notes.is_open


def test_an_on_error_that_raises_ends_the_stream_with_its_exception(source, notes):
    def object_to(error):
        raise RuntimeError("no more")

    source.observable.pipe(decode_as(Picky, on_error=object_to)).subscribe(notes)

    source.on_next({"id": "two"})

    assert [str(error) for error in notes.errors] == ["no more"]
    assert not source.is_watched


def test_it_ends_as_the_source_ends(notes):
    failure = OSError("gone")

    reactivex.empty().pipe(decode_as(int)).subscribe(notes)
    reactivex.throw(failure).pipe(decode_as(int)).subscribe(notes)

    assert notes.completions == 1
    assert notes.errors == [failure]


def test_disposing_leaves_the_source(source, notes):
    source.observable.pipe(decode_as(int)).subscribe(notes).dispose()

    assert not source.is_watched


def test_decoding_asks_for_pydantic_only_when_a_type_is_of_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)

    class Another(msgspec.Struct):
        id: int

    assert decoded(Another, {"id": 1}) == Another(1)
