"""Excerpts: the beginning of what ``repr`` says, whatever the value."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._excerpt import REDACTED, excerpt
from rx_phoenix._protocol.redaction import is_secret, redactor

SECRET = "hunter2-hunter2"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def nested(depth, kind=list):
    value = kind()
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


@given(JSON)
def test_a_short_one_is_its_repr(value):
    text = repr(value)

    assert excerpt(value, limit=len(text)) == text


@given(JSON, st.integers(2, 50))
def test_a_long_one_is_cut(value, limit):
    text = repr(value)
    cut = excerpt(value, limit=limit)

    assert len(cut) <= limit
    assert cut == text or cut == f"{text[: limit - 1]}…"


@pytest.mark.parametrize("value", [(), (1,), (1, "a"), [(1,)]])
def test_tuples_are_told_from_lists(value):
    assert excerpt(value) == repr(value)


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("depth", [19, 25, 700, 100_000])
def test_no_depth_is_too_deep(kind, depth):
    value = nested(depth, kind)
    text = excerpt(value)
    while value:
        # Not left to the interpreter, whose own ways with it differ by version.
        value = value.pop() if kind is list else value.pop("a")

    assert len(text) <= 200
    assert ("…" in text) == (depth >= 20)


def test_no_size_is_too_large():
    assert len(excerpt({"x": "a" * 10_000_000})) == 200
    assert len(excerpt([[]] * 1_000_000)) == 200
    assert len(excerpt(b"\xff" * 10_000_000)) == 200


def test_a_number_that_python_cannot_write_is_described():
    number = 10 ** (sys.get_int_max_str_digits() + 1)

    assert excerpt(number) == f"<a number of {number.bit_length()} bits>"


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"no {SECRET}!",
        {"a": [SECRET]},
        {SECRET: 1},
        SECRET.encode(),
        {"token": "x"},
        "a" * 190 + SECRET,
        SECRET * 10_000,
    ],
    ids=["text", "inside", "deep", "name", "bytes", "named", "at the cut", "many"],
)
def test_secrets_are_hidden(value):
    text = excerpt(value, redactor([SECRET]), is_secret)

    assert REDACTED in text or text.endswith("…")
    assert not any(SECRET[n : n + 8] in text for n in range(len(SECRET) - 7))
    assert "'x'" not in text
