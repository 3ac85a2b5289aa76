"""What can be said in JSON, and where a payload holds what cannot."""

import dataclasses
import math
import pathlib

import msgspec
import numpy as np
import pydantic
import pytest

from rx_phoenix import EncodeError, Message, SerializerV1, SerializerV2, UsageError
from rx_phoenix._protocol.encoding import PayloadEncoder, substitute


class Name(str):
    __slots__ = ()

    def __str__(self):
        return "another"


class Count(int):
    pass


class Ratio(float):
    pass


class Order(pydantic.BaseModel):
    id: int
    at: pathlib.Path = pathlib.Path("/a")


@dataclasses.dataclass
class Row:
    at: object


class Envelope(msgspec.Struct):
    at: object


def written(payload, serializer=None):
    frame = (serializer or SerializerV2()).encode(
        Message(None, "1", "room:1", "x", payload)
    )
    return msgspec.json.decode(frame)[4]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (Order(id=1), {"id": 1, "at": "/a"}),
        ([Order(id=1)], [{"id": 1, "at": "/a"}]),
        (Row(pathlib.Path("/a")), {"at": "/a"}),
        ({"s": {1}}, {"s": [1]}),
        (np.float64(1.5), 1.5),
        ({"n": np.int64(2)}, {"n": 2}),
        ({"b": np.bool_(True)}, {"b": True}),
        (np.array([[1, 2]]), [[1, 2]]),
        (Name("Ann"), "Ann"),
        (Count(3), 3),
        (Ratio(0.5), 0.5),
    ],
    ids=repr,
)
def test_what_programs_often_have_is_said(payload, said):
    assert written(payload) == said


def test_a_hook_of_ones_own_comes_first():
    def hook(value):
        if isinstance(value, complex):
            return [value.real, value.imag]
        raise NotImplementedError

    serializer = SerializerV2(enc_hook=hook)

    assert written(1 + 2j, serializer) == [1.0, 2.0]
    assert written(pathlib.Path("/a"), serializer) == "/a"


def test_version_1_takes_a_hook_too():
    frame = SerializerV1(enc_hook=repr).encode(Message(None, "1", "t", "x", 1j))

    assert msgspec.json.decode(frame)["payload"] == "1j"


@pytest.mark.parametrize("serializer", [SerializerV1, SerializerV2])
def test_a_hook_must_be_a_function(serializer):
    with pytest.raises(UsageError, match="enc_hook must be a function"):
        serializer(enc_hook=7)


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        ({"rows": [{"at": object()}]}, "rows[0].at"),
        ([1, object()], "[1]"),
        ({"row": Row(object())}, "row.at"),
        ({"envelope": Envelope(object())}, "envelope.at"),
        ({"rows": [1.0, math.nan]}, "rows[1]"),
        ({"n": np.float64("inf")}, "n"),
    ],
    ids=lambda value: value if isinstance(value, str) else "of",
)
def test_the_place_of_what_cannot_be_said_is_named(payload, place):
    with pytest.raises(EncodeError) as raised:
        written(payload)
    assert str(raised.value).endswith(f" - at `{place}`")


@pytest.mark.parametrize("error", [KeyError, AttributeError, OSError, ValueError])
def test_an_error_of_a_hook_names_the_place_and_is_the_cause(error):
    def hook(value):
        raise error("at a loss")

    with pytest.raises(EncodeError, match=r"at a loss.* - at `rows") as raised:
        written({"rows": [1, 1j]}, SerializerV2(enc_hook=hook))

    assert type(raised.value.__cause__) is error


def test_a_payload_that_is_it_itself_has_no_place():
    with pytest.raises(EncodeError, match=r"not supported$"):
        written(object())


def test_a_payload_that_contains_itself_is_refused():
    endless = {}
    endless["again"] = endless

    with pytest.raises(EncodeError):
        written(endless)


def test_raw_json_is_written_as_it_is():
    assert written({"raw": msgspec.Raw(b"[null,1]")}) == {"raw": [None, 1]}


def test_the_path_of_bytes_is_not_text():
    with pytest.raises(TypeError):
        substitute(1j)
    assert PayloadEncoder().place({}) == ""
