"""Lines of stdin, from a file and from a pipe."""

import asyncio
import os
import sys
import threading

import pytest

from rx_phoenix._cli.stdin import AHEAD, READER, stdin_lines


async def lines_of(monkeypatch, file):
    monkeypatch.setattr(sys, "stdin", file)
    return [line async for line in stdin_lines()]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\n\n  \nb", [b"a", b"", b"  ", b"b"]),
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


async def test_a_reader_that_is_left_early_ends_its_thread(monkeypatch, tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"n\n" * 1000)
    before = {*threading.enumerate()}
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", file)
        lines = stdin_lines()
        assert await anext(lines) == b"n"
        started = {*threading.enumerate()} - before
        [reader] = [thread for thread in started if thread.name == READER]
        await lines.aclose()
        await asyncio.to_thread(reader.join, 10)

    assert not reader.is_alive()


async def test_lines_beyond_those_read_ahead_follow(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as file:
        monkeypatch.setattr(sys, "stdin", file)
        lines = stdin_lines()
        os.write(writing, b"n\n" * AHEAD * 3)
        seen = [await anext(lines)]
        os.close(writing)
        seen += [line async for line in lines]

    assert seen == [b"n"] * AHEAD * 3
