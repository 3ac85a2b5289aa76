"""Results, for people and for programs."""

import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rx_phoenix._cli.output import Output, as_json, escape_control_chars, notice


@pytest.fixture
def terminal():
    return Console(file=StringIO(), force_terminal=True, color_system="truecolor")


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x9b2J", "bell\x07", "a\rb", "right\u202eleft", "\x7f"]
)
def test_text_from_elsewhere_does_nothing_to_a_terminal(text):
    assert escape_control_chars(text).isprintable()


@given(st.text())
def test_harmless_text_has_no_control_characters(text):
    assert not any(
        ord(c) < 32 or 127 <= ord(c) < 160 for c in escape_control_chars(text)
    )


@given(st.recursive(st.text() | st.integers(), st.lists))
def test_json_that_was_made_harmless_says_the_same(value):
    assert json.loads(as_json(value)) == value


def test_a_pipe_gets_an_event_as_a_json_line(capsys):
    Output().event("room:a", "shout", {"body": "hi"})

    line = json.loads(capsys.readouterr().out)
    assert line.pop("at").endswith("+00:00")
    assert line == {"topic": "room:a", "event": "shout", "payload": {"body": "hi"}}


def test_a_pipe_gets_bytes_as_base64(capsys):
    Output().event("room:a", "data", b"hi")

    assert json.loads(capsys.readouterr().out)["payload_base64"] == "aGk="


def test_a_terminal_gets_an_event_in_colours(terminal):
    Output(console=terminal).event("room:a", "shout", {"body": "hi"})

    written = terminal.file.getvalue()
    assert "\x1b[" in written
    assert "shout" in written


def test_a_terminal_gets_no_orders_from_an_event(terminal):
    Output(console=terminal).event("room:a", "\x1b[2J", {"\x9b2J": "\x1b[2J"})

    written = terminal.file.getvalue()
    assert "\x1b[2J" not in written
    assert "\x9b" not in written


def test_a_terminal_gets_json_lines_if_asked(terminal, capsys):
    Output(console=terminal, json=True).value({"n": 1})

    assert capsys.readouterr().out == '{"n":1}\n'


def test_a_value_on_a_terminal_is_json_in_colours(terminal):
    Output(console=terminal).value({"n": 1})

    assert "n" in terminal.file.getvalue()


def test_a_long_value_is_not_broken_into_lines(capsys):
    Output().value({"text": "x" * 500})

    assert capsys.readouterr().out.count("\n") == 1


def test_a_notice_is_not_in_the_way_of_results(capsys):
    notice("by the way\x1b[2J")

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "by the way\\u001b[2J\n"
