"""The server's process, as the client's sees it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from benchmarks.processes import ROOT
from benchmarks.soak.vitals import Vitals

__all__ = ["Remote", "serving"]


class Remote:
    """Tells the server's process what to do.

    Args:
        process: The process.
        url: The endpoint that it serves.
    """

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.url = url
        self._process = process

    async def restart(self) -> None:
        """Stop and start: every connection ends."""
        await self._ask("restart")

    async def vitals(self) -> Vitals:
        """What it holds, once it is quiet."""
        return msgspec.json.decode(await self._ask("vitals"), type=Vitals)

    async def _ask(self, order: str) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n".encode())
        answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the server's process ended")
        return answer


@asynccontextmanager
async def serving() -> AsyncGenerator[Remote]:
    """Run a server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.soak.server",
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        assert process.stdout is not None
        yield Remote(process, (await process.stdout.readline()).decode().strip())
    finally:
        process.kill()
        await process.wait()
