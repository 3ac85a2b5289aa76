"""What becomes of an attempt is told in our words, and without its credentials."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from rx_phoenix import ConnectError, ConnectionLost
from rx_phoenix._protocol.concealment import failure_of, loss_of, secrets_of

SECRET = "s3cr3t+s3cr3t+s3cr3t"
SECRETS = frozenset({SECRET})
URL = "ws://example.org/socket"


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        (f"ws://{SECRET}:x@h/socket", ()),
        (f"ws://x:{SECRET}@h/socket", ()),
        (f"ws://h/socket?key={SECRET}", ()),
        (f"ws://h/socket?key={quote(SECRET)}", ()),
        (f"ws://h/socket?{SECRET}", ()),
        (URL, [{"token": SECRET}, None, None]),
        (URL, [{"a": {"b": ["x", SECRET]}}, None, None]),
        (URL, [None, SECRET, None]),
        (URL, [None, SECRET.encode(), None]),
        (URL, [None, None, {"x-key": SECRET}]),
        (URL, [None, None, {"authorization": f"Bearer {SECRET}"}]),
        (URL, [None, None, {"cookie": f"a=1; session={SECRET}"}]),
        (URL, [None, None, SECRET]),
    ],
)
def test_a_secret_is_known_wherever_it_was_given(url, credentials):
    encoded = b64encode(SECRET.encode()).decode().rstrip("=")

    assert {SECRET, quote(SECRET, safe=""), encoded} <= secrets_of(url, credentials)


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


def test_a_part_of_a_query_is_known_among_others():
    secrets = secrets_of(f"{URL}?a=1&token=s3cret&b=2", ())

    assert secrets == {"s3cret", b64encode(b"s3cret").decode().rstrip("=")}


@pytest.mark.parametrize("text", ["unauthorized", "a text of quite some length"])
def test_a_param_that_may_be_any_text_is_no_secret_unless_it_is_called_one(text):
    url = f"{URL}?mode={quote(text)}"

    assert secrets_of(url, [{"mode": text}, None, None]) == frozenset()
    assert text in secrets_of(URL, [{"password": text}, None, None])


def test_an_error_of_ours_stays_the_same_one():
    error = ConnectError("no", url=URL, status=503, headers={"Retry-After": "7"})

    assert failure_of(error, URL, SECRETS) is error
    assert (str(error), error.headers) == ("no", {"Retry-After": "7"})


def test_another_error_is_told_in_our_words_with_its_cause():
    cause = OSError("cable")

    error = failure_of(cause, URL, SECRETS)

    assert isinstance(error, ConnectError)
    assert str(error).endswith(f"{URL} failed: OSError: cable")
    assert error.__cause__ is cause


def test_what_a_server_repeats_is_taken_out_of_the_words_and_kept_as_data():
    headers = {"Location": f"/login?key={SECRET}", "Server": "x"}
    body = b"\xff: " + SECRET.encode()

    error = failure_of(
        ConnectError(f"no {SECRET}", headers=headers, body=body), URL, SECRETS
    )

    assert (str(error), SECRET in repr(error)) == ("no [redacted]", False)
    assert (error.headers, error.body) == (headers, body)


def test_the_reason_of_a_close_is_taken_out():
    error = loss_of(ConnectionLost(4001, f"bad token {SECRET}"), SECRETS)

    assert error.reason == "bad token [redacted]"
    assert SECRET not in str(error)


def test_a_cause_that_tells_a_secret_is_forgotten_with_all_behind_it():
    middle = caused(ValueError(SECRET), OSError("cable"))
    error = caused(ConnectionLost(1006, "broken"), caused(OSError("broken"), middle))

    assert loss_of(error, SECRETS).__cause__.__cause__ is None


def test_an_unknown_end_is_an_abnormal_one():
    cause = OSError("cable")

    error = loss_of(cause, SECRETS)

    assert (error.code, error.reason, error.__cause__) == (1006, "cable", cause)
