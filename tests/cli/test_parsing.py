"""JSON from the command line."""

import io

import pytest

from rx_phoenix._cli.parsing import params_of, payload_of
from rx_phoenix.errors import UsageError


@pytest.mark.parametrize(
    ("text", "payload"),
    [('{"n":1}', {"n": 1}), ("[]", []), ('"hi"', "hi"), ("null", None), (" 1 ", 1)],
)
def test_a_payload_is_any_json(text, payload):
    assert payload_of(text) == payload


def test_a_payload_may_come_from_stdin(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"n": 1}\n'))

    assert payload_of("-") == {"n": 1}


@pytest.mark.parametrize("text", ["", "hi", "{n:1}", "{'n': 1}", "NaN"])
def test_what_is_no_json_is_told_with_an_example(text):
    with pytest.raises(UsageError, match="Quote it for the shell"):
        payload_of(text)


@pytest.mark.parametrize("text", ["-", b"hi"])
def test_what_did_not_come_through_a_shell_is_not_to_be_quoted(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO("hi"))
    with pytest.raises(UsageError, match="not valid JSON") as refusal:
        payload_of(text)

    assert "Quote" not in str(refusal.value)


def test_params_are_an_object():
    assert params_of('{"name": "me"}') == {"name": "me"}


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "{", ""])
def test_params_that_are_no_object_are_told_with_an_example(text):
    with pytest.raises(UsageError, match="--join must be a JSON object"):
        params_of(text)
