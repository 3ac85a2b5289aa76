"""Secrets stay where they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._protocol.redaction import (
    REDACTED,
    is_secret,
    redactor,
    secrets_in,
    texts_in,
)

SECRET = "hunter2hunter2"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(f"a {SECRET} b"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "userToken",
        "access_token",
        "PASSWORD",
        "passwd",
        "client_secret",
        "apiKey",
        "api_key",
        "Authorization",
        "cookie",
        "session_id",
        "jwt",
        "pin",
        "the otp",
    ],
)
def test_what_has_the_name_of_a_secret_is_one(name):
    assert is_secret(name)
    assert redactor()({name: "x"}) == {name: REDACTED}


@pytest.mark.parametrize("name", ["user", "user_id", "topic", "body", "spinning", "n"])
def test_other_names_are_no_secrets(name):
    assert not is_secret(name)


def test_more_names_may_be_secret():
    redact = redactor(names=["Shoe_Size"])

    assert redact({"shoe_size": 44, "size": 44}) == {"shoe_size": REDACTED, "size": 44}


def test_secrets_are_found_at_any_depth():
    assert redactor()({"a": [{"b": {"token": [1]}}]}) == {
        "a": [{"b": {"token": REDACTED}}]
    }


def test_a_known_secret_is_taken_out_of_other_text():
    assert redactor([SECRET])(f"Bearer {SECRET}!") == f"Bearer {REDACTED}!"


def test_the_longer_of_two_secrets_goes_first():
    redact = redactor(["secret", "secret-and-more"])

    assert redact("secret-and-more") == REDACTED


def test_a_secret_that_is_short_would_hit_everything():
    assert redactor(["a"])("a banana") == "a banana"


def test_a_secret_of_six_characters_is_long_enough():
    assert redactor(["abcdef"])("abcdefg") == f"{REDACTED}g"
    assert redactor(["abcde"])("abcdefg") == "abcdefg"


def test_a_secret_is_no_pattern():
    assert redactor(["......"])("abcdef") == "abcdef"


def test_bytes_pass():
    assert redactor([SECRET])({"data": b"\x00"}) == {"data": b"\x00"}


@given(JSON)
def test_no_known_secret_survives(value):
    assert SECRET not in repr(redactor([SECRET])(value))


@given(JSON)
def test_the_original_is_left_alone(value):
    before = repr(value)

    redactor([SECRET])(value)

    assert repr(value) == before


def test_the_texts_of_a_value_are_found_at_any_depth():
    value = {"a": "b", "c": [1, {"d": ("e", b"f")}], "g": None}

    assert [*texts_in(value)] == ["b", "e", "f"]


def test_bytes_that_spell_nothing_are_a_text_too():
    assert [*texts_in(b"a\xff")] == ["a\ufffd"]


def test_the_secrets_of_a_value_are_what_has_their_names():
    value = {"user": "me", "logins": [{"password": "x"}, {"token": {"of": ["y"]}}]}

    assert [*secrets_in(value)] == ["x", "y"]
