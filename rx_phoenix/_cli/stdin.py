"""Lines of stdin, for programs that also do something else meanwhile."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from itertools import chain
from threading import Semaphore, Thread

__all__ = ["stdin_lines"]

CHUNK = 65_536
"""Bytes of one read."""

READER = "rx-phoenix stdin"
"""The name of the thread."""

AHEAD = 16
"""Lines that are read before they are used."""


async def stdin_lines() -> AsyncGenerator[bytes]:
    """Yield the lines of stdin, without their ends.

    A thread reads them, because stdin may be a file, a pipe or a terminal. It does not
    outlive the process: a read that still waits holds nothing.
    """
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue[bytes | None]()
    # The bound of the queue, for which the thread waits; not the loop, as a coroutine
    # on the way to a loop that ends would warn that it was never awaited.
    places = Semaphore(AHEAD)
    is_over = False

    def read() -> None:
        for line in chain(_lines(sys.stdin.fileno()), [None]):
            places.acquire()
            if is_over:
                return
            try:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            except RuntimeError:
                return  # the loop has ended

    Thread(target=read, name=READER, daemon=True).start()
    try:
        while (line := await queue.get()) is not None:
            places.release()
            yield line
    finally:
        is_over = True
        places.release()


def _lines(descriptor: int) -> Iterator[bytes]:
    rest = b""
    while chunk := os.read(descriptor, CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest
