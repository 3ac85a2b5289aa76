"""Where a command connects to, and with what."""

import pytest

from rx_phoenix import (
    FallbackTransport,
    LongPollTransport,
    SerializerV1,
    SerializerV2,
    WebSocketTransport,
)
from rx_phoenix._cli.target import Target, TransportKind, pairs, resolved
from rx_phoenix.errors import UsageError


def target(**changes):
    usual = {
        "url": "wss://me:secret@example.org/socket?token=secret",
        "params": {},
        "token": None,
        "headers": {},
        "transport": TransportKind.WEBSOCKET,
        "vsn": 2,
        "timeout": 10.0,
        "insecure": False,
    }
    return Target(**{**usual, **changes})


@pytest.mark.parametrize(
    ("transport", "kind"),
    [
        (TransportKind.WEBSOCKET, WebSocketTransport),
        (TransportKind.LONGPOLL, LongPollTransport),
        (TransportKind.FALLBACK, FallbackTransport),
    ],
)
def test_the_carrier_chooses_the_transport(transport, kind):
    assert isinstance(target(transport=transport).options["transport"], kind)


@pytest.mark.parametrize(("vsn", "kind"), [(1, SerializerV1), (2, SerializerV2)])
def test_the_version_chooses_the_serializer(vsn, kind):
    assert isinstance(target(vsn=vsn).options["serializer"], kind)


def test_the_public_url_keeps_secrets():
    assert target().public_url == "wss://example.org/socket"


def test_secrets_are_the_token_headers_and_params_but_for_plain_words():
    credentials = target(
        token="t-t-t-t",
        headers={"x-thing": "h-h-h-h"},
        params={"user_token": "p-p-p-p", "user_id": "robin"},
    )

    assert {"t-t-t-t", "h-h-h-h", "p-p-p-p"} <= set(credentials.secrets)
    assert "robin" not in credentials.secrets


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], {}),
        (["a=1", "b=2"], {"a": "1", "b": "2"}),
        (["a=1=2"], {"a": "1=2"}),
        (["a="], {"a": ""}),
        ([" a = 1 "], {"a": "1"}),
        (["a=1", "a=2"], {"a": "2"}),
    ],
)
def test_pairs_are_names_with_values(given, read):
    assert pairs(given, "=", "--param") == read


@pytest.mark.parametrize("text", ["a", "=1", " =1", ""])
def test_what_is_no_pair_is_told_without_its_value(text):
    with pytest.raises(UsageError, match="--param must be NAME=VALUE"):
        pairs([text], "=", "--param")


def test_a_value_may_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "secret")

    assert resolved("env:MY_TOKEN") == "secret"
    assert pairs(["token=env:MY_TOKEN"], "=", "--param") == {"token": "secret"}


def test_a_variable_that_is_not_set_is_told(monkeypatch):
    monkeypatch.delenv("MY_TOKEN", raising=False)

    with pytest.raises(UsageError, match="MY_TOKEN is not set"):
        resolved("env:MY_TOKEN")
