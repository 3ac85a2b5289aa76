"""Secrets stay where they are."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix import ConnectError, ConnectionLost
from rx_phoenix._protocol.redaction import (
    REDACTED,
    failure_of,
    is_secret,
    loss_of,
    redactor,
    secrets_in,
    secrets_of,
    texts_in,
    values_in,
)

SECRET = "hunter2hunter2"
TOKEN = "s3cr3t+s3cr3t+s3cr3t"
TOKENS = frozenset({TOKEN})
URL = "ws://example.org/socket"
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


def test_a_secret_of_four_characters_is_long_enough():
    assert redactor(["abcd"])("abcde") == f"{REDACTED}e"
    assert redactor(["abc"])("abcde") == "abcde"


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


# The errors of an attempt.


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        (f"ws://{TOKEN}:x@h/socket", ()),
        (f"ws://x:{TOKEN}@h/socket", ()),
        (f"ws://h/socket?key={TOKEN}", ()),
        (f"ws://h/socket?key={quote(TOKEN)}", ()),
        (f"ws://h/socket?{TOKEN}", ()),
        (URL, [{"token": TOKEN}, None, None]),
        (URL, [{"a": {"b": ["x", TOKEN]}}, None, None]),
        (URL, [None, TOKEN, None]),
        (URL, [None, TOKEN.encode(), None]),
        (URL, [None, None, {"x-key": TOKEN}]),
        (URL, [None, None, {"authorization": f"Bearer {TOKEN}"}]),
        (URL, [None, None, {"cookie": f"a=1; session={TOKEN}"}]),
        (URL, [None, None, TOKEN]),
    ],
)
def test_a_secret_is_known_wherever_it_was_given(url, credentials):
    encoded = b64encode(TOKEN.encode()).decode().rstrip("=")

    assert {TOKEN, quote(TOKEN, safe=""), encoded} <= secrets_of(url, credentials)


@pytest.mark.parametrize(
    "name",
    ["Accept", "Accept-Encoding", "Accept-Language", "Origin", "Referer", "User-Agent"],
)
def test_a_header_that_says_what_the_client_is_is_no_secret(name):
    headers = {name: "something of quite some length"}

    assert secrets_of(URL, [None, None, headers]) == frozenset()


@pytest.mark.parametrize("text", ["hunteW", "hunter", "hunters", "hunters2"])
def test_its_base64_is_a_secret_with_padding_or_without(text):
    encoded = b64encode(text.encode()).decode()

    assert encoded.rstrip("=") in secrets_of(URL, [None, text, None])


def test_nothing_is_no_secret():
    assert secrets_of(f"{URL}?token=&key=", [{"token": ""}, "", {"x-key": ""}]) == set()


def test_the_login_of_a_url_is_known_as_it_travels():
    secrets = secrets_of("ws://jo:p%40ss:w0rd@h/socket", ())

    assert {"jo", "p%40ss:w0rd", "p@ss:w0rd", "jo:p@ss:w0rd"} <= secrets
    assert b64encode(b"jo:p@ss:w0rd").decode().rstrip("=") in secrets


def test_a_part_of_a_query_is_known_among_others():
    secrets = secrets_of(f"{URL}?a=1&token=s3cret&b=2", ())

    assert secrets == {"s3cret", b64encode(b"s3cret").decode().rstrip("=")}


@pytest.mark.parametrize(
    "text",
    [
        "lobby",
        "password",
        "true",
        "False",
        "123456",
        "12.5",
        "-1",
        "abc",
        "ab.test",
    ],
)
def test_a_plain_value_is_no_secret_unless_it_is_called_one(text):
    url = f"wss://ab.test/socket?mode={quote(text)}"

    assert secrets_of(url, [{"mode": text}, None, {"x-mode": text}]) == frozenset()
    assert text in secrets_of(url, [{"password": text}, None, None])


@pytest.mark.parametrize(
    "text",
    ["passwords", "Lobby", "hunter2", "1234567", "a-b-c", "hunter2-Passw0rd"],
)
def test_any_other_value_is_one_whatever_it_is_called(text):
    for credentials in (
        [{"mode": text}, None, None],
        [{"a": [{"b": text}]}, None, None],
        [None, None, {"x-mode": text}],
        [None, None, {"x-mode": f"Custom {text}"}],
    ):
        assert text in secrets_of(URL, credentials)
    assert text in secrets_of(f"{URL}?mode={quote(text)}", [])


def test_a_number_is_found_as_its_digits():
    assert [*values_in({"account": 12345678, "page": 12, "flag": True})] == ["12345678"]


def test_a_part_of_the_topic_is_public():
    assert [*values_in({"room": "Lobby-7", "key": "Lobby-8"}, "room:Lobby-7")] == [
        "Lobby-8"
    ]


def test_our_own_params_may_be_deep():
    value = []
    for _ in range(100_000):
        value = [value]
    value.append("hunter2")

    assert [*values_in(value)] == ["hunter2"]
    while value:
        value = value.pop(0)


def test_what_is_too_deep_for_any_program_is_hidden():
    value = "x"
    for _ in range(900):
        value = [value]

    assert REDACTED in repr(redactor()(value))


def test_an_error_of_ours_stays_the_same_one():
    error = ConnectError("no", url=URL, status=503, headers={"Retry-After": "7"})

    assert failure_of(error, URL, TOKENS) is error
    assert (str(error), error.headers) == ("no", {"Retry-After": "7"})


def test_another_error_is_told_in_our_words_with_its_cause():
    cause = OSError("cable")

    error = failure_of(cause, URL, TOKENS)

    assert isinstance(error, ConnectError)
    assert str(error).endswith(f"{URL} failed: OSError: cable")
    assert error.__cause__ is cause


def test_what_a_server_repeats_is_taken_out_of_the_words_and_kept_as_data():
    headers = {"Location": f"/login?key={TOKEN}", "Server": "x"}
    body = b"\xff: " + TOKEN.encode()

    error = failure_of(
        ConnectError(f"no {TOKEN}", headers=headers, body=body), URL, TOKENS
    )

    assert (str(error), TOKEN in repr(error)) == ("no [redacted]", False)
    assert (error.headers, error.body) == (headers, body)


def test_the_reason_of_a_close_is_taken_out():
    error = loss_of(ConnectionLost(4001, f"bad token {TOKEN}"), TOKENS)

    assert error.reason == "bad token [redacted]"
    assert TOKEN not in str(error)


class Handshake(Exception):
    """As aiohttp's: it shows the URL and the headers of its request."""

    request_info = "x-key: hunter2"


def test_no_exception_hangs_at_the_context():
    error, context = ConnectError("no"), Handshake("503")
    error.__context__ = context
    cause = caused(OSError("cable"), None)
    cause.__context__ = context

    error = failure_of(caused(error, cause), URL, TOKENS)

    assert (error.__context__, error.__cause__) == (None, cause)
    assert cause.__context__ is None


def test_a_cause_that_holds_a_request_is_forgotten():
    error = failure_of(caused(ConnectError("no"), Handshake("503")), URL, TOKENS)

    assert error.__cause__ is None


def test_a_cause_that_tells_a_secret_is_forgotten_with_all_behind_it():
    middle = caused(ValueError(TOKEN), OSError("cable"))
    error = caused(ConnectionLost(1006, "broken"), caused(OSError("broken"), middle))

    assert loss_of(error, TOKENS).__cause__.__cause__ is None


def test_an_unknown_end_is_an_abnormal_one():
    cause = OSError("cable")

    error = loss_of(cause, TOKENS)

    assert (error.code, error.reason, error.__cause__) == (1006, "cable", cause)


def test_what_contains_itself_is_searched_once():
    inside = {"token": "hunter2"}
    inside["again"] = [inside, (inside,)]

    assert set(secrets_in(inside)) == {"hunter2"}
    assert set(values_in({"a": inside})) == {"hunter2"}
