from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, NewType, TypedDict

import attrs
import msgspec
import pytest

from rx_phoenix._streams.decoding import decoder
from rx_phoenix.errors import UsageError


class Point(msgspec.Struct):
    x: int
    names: dict[int, str]


PAYLOAD = {"x": 1, "names": {"7": "seven"}}
POINT = Point(1, {7: "seven"})


def test_a_decoder_is_made_once():
    assert decoder(list[Point]) is decoder(list[Point])


def test_a_payload_and_its_json_become_the_same_value():
    decoding = decoder(Point)

    assert decoding.convert(PAYLOAD) == POINT
    assert decoding.read(msgspec.Raw(msgspec.json.encode(PAYLOAD))) == POINT


def test_a_pydantic_model_is_read_as_it_is_converted():
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Model", x=int)
    decoding = decoder(model)

    assert decoding.read(msgspec.Raw(b'{"x":1}')) == decoding.convert({"x": 1})
    with pytest.raises(ValueError, match="valid integer"):
        decoding.read(msgspec.Raw(b'{"x":"y"}'))
    with pytest.raises(ValueError, match="valid integer"):
        decoding.convert({"x": "y"})


def test_what_cannot_be_decoded_into_is_refused():
    with pytest.raises(UsageError, match="cannot decode payloads into"):
        decoder(object())


@pytest.mark.parametrize("type_", ["Tick", list["Tick"]])  # noqa: F821
def test_the_name_of_a_type_is_refused_in_single_quotes(type_):
    with pytest.raises(UsageError, match="Type 'Tick' is not supported"):
        decoder(type_)


# Types that are built of pydantic's models.

pydantic = pytest.importorskip("pydantic")


class Order(pydantic.BaseModel):
    id: int


class Created(pydantic.BaseModel):
    kind: Literal["created"]
    order: Order


class Cancelled(pydantic.BaseModel):
    kind: Literal["cancelled"]
    id: int


@dataclass
class Holder:
    order: Order


class Row(TypedDict):
    order: Order


class Pair(NamedTuple):
    order: Order
    n: int


class Envelope(msgspec.Struct):
    order: Order


@attrs.define
class Parcel:
    order: Order


ORDER = Order(id=1)
CANCELLED = Cancelled(kind="cancelled", id=1)
EITHER = Annotated[Created | Cancelled, pydantic.Field(discriminator="kind")]
BUILT = [
    (list[Order], [{"id": 1}], [ORDER]),
    (dict[str, Order], {"a": {"id": 1}}, {"a": ORDER}),
    (dict[int, Order], {"7": {"id": 1}}, {7: ORDER}),
    (Order | None, {"id": 1}, ORDER),
    (Order | None, None, None),
    (Created | Cancelled, {"kind": "cancelled", "id": 1}, CANCELLED),
    (EITHER, {"kind": "cancelled", "id": 1}, CANCELLED),
    (Holder, {"order": {"id": 1}}, Holder(ORDER)),
    (Row, {"order": {"id": 1}}, {"order": ORDER}),
    (Pair, [{"id": 1}, 2], Pair(ORDER, 2)),
    (Envelope, {"order": {"id": 1}}, Envelope(ORDER)),
    (list[Envelope], [{"order": {"id": 1}}], [Envelope(ORDER)]),
    (Parcel, {"order": {"id": 1}}, Parcel(ORDER)),
    (tuple[Order, ...], [{"id": 1}], (ORDER,)),
    (NewType("Orders", list[Order]), [{"id": 1}], [ORDER]),
    (pydantic.TypeAdapter(list[Order]), [{"id": 1}], [ORDER]),
]


@pytest.mark.parametrize("case", BUILT, ids=lambda case: f"{case[0]} {case[1]}")
def test_a_type_may_be_built_of_pydantic_models(case):
    type_, payload, value = case
    decoding = decoder(type_)

    assert decoding.convert(payload) == value
    assert decoding.read(msgspec.Raw(msgspec.json.encode(payload))) == value


@pytest.mark.parametrize("type_", [list[Order], Envelope])
def test_a_payload_that_does_not_fit_is_described_without_its_values(type_):
    secret = {"order": {"id": "hunter2"}}
    payload = [secret["order"]] if type_ == list[Order] else secret

    with pytest.raises(ValueError, match="valid integer") as raised:
        decoder(type_).convert(payload)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        (pydantic.PositiveInt, -1),
        (list[pydantic.PositiveInt], [-1]),
        (Annotated[int, pydantic.Field(gt=0)], -1),
        (Annotated[int, msgspec.Meta(gt=0)], -1),
    ],
    ids=str,
)
def test_a_constraint_of_either_library_holds(type_, payload):
    with pytest.raises(ValueError, match=r"greater than 0|>= 1"):
        decoder(type_).convert(payload)


@pytest.mark.parametrize("type_", [Point | Order, defaultdict[str, Order]])
def test_a_type_that_neither_library_knows_is_refused(type_):
    with pytest.raises(UsageError, match="cannot decode payloads into"):
        decoder(type_)
