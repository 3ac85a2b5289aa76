"""Lines of stdin, for programs that also do something else meanwhile."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import CancelledError
from threading import Thread

__all__ = ["stdin_lines"]

CHUNK = 65_536
"""Bytes of one read."""

AHEAD = 16
"""Lines that are read before they are used."""


async def stdin_lines() -> AsyncGenerator[bytes]:
    """Yield the lines of stdin that are not blank, without their ends.

    A thread reads them, because stdin may be a file, a pipe or a terminal. It does not
    outlive the process: a read that still waits holds nothing.
    """
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue[bytes | None](AHEAD)

    def read() -> None:
        try:
            for line in _lines(sys.stdin.fileno()):
                asyncio.run_coroutine_threadsafe(queue.put(line), loop).result()
            asyncio.run_coroutine_threadsafe(queue.put(None), loop).result()
        except (CancelledError, RuntimeError):
            return  # the loop has ended

    Thread(target=read, daemon=True).start()
    while (line := await queue.get()) is not None:
        if line.strip():
            yield line


def _lines(descriptor: int) -> Iterator[bytes]:
    rest = b""
    while chunk := os.read(descriptor, CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    yield rest
