"""Lines of stdin, from a file and from a pipe."""

import os
import sys

import pytest

from rx_phoenix._cli.stdin import stdin_lines


async def lines_of(monkeypatch, file):
    monkeypatch.setattr(sys, "stdin", file)
    return [line async for line in stdin_lines()]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\n\n  \nb", [b"a", b"b"]),
        (b"\xff\n" + b"x" * 200_000 + b"\nlast", [b"\xff", b"x" * 200_000, b"last"]),
        (b"n\n" * 1000, [b"n"] * 1000),
    ],
    ids=["none", "one", "two", "blank", "long", "many"],
)
async def test_the_lines_of_a_file_are_read(monkeypatch, tmp_path, given, lines):
    path = tmp_path / "lines"
    path.write_bytes(given)
    with path.open("rb") as file:
        assert await lines_of(monkeypatch, file) == lines


async def test_a_line_of_a_pipe_is_there_before_the_next(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as file:
        monkeypatch.setattr(sys, "stdin", file)
        lines = stdin_lines()
        os.write(writing, b"one\ntwo")
        assert await anext(lines) == b"one"
        os.close(writing)
        assert [line async for line in lines] == [b"two"]
