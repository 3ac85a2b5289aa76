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
