"""An example as a program of its own, beside the test and its server."""

import asyncio
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = ["EXAMPLES", "PATIENCE", "Program", "running"]

EXAMPLES = Path(__file__).parents[2] / "examples"

PATIENCE = 60.0
"""Seconds until a program that says nothing is taken for one that hangs."""


class Program:
    """A program that runs.

    Attributes:
        lines: What it said so far.
    """

    def __init__(self, process):
        self._process = process
        self.lines = []

    async def said(self, text):
        """Wait until it says a line with some text; returns the line."""
        while True:
            line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
            if not line:
                raise EOFError(f"it ended after {self.lines}, without {text!r}")
            self.lines.append(line.decode().rstrip("\n"))
            if text in self.lines[-1]:
                return self.lines[-1]

    def type(self, line):
        """Type a line."""
        self._process.stdin.write(f"{line}\n".encode())

    def type_end(self):
        """Type Ctrl-D."""
        self._process.stdin.close()

    def interrupt(self):
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    async def end(self):
        """Wait for its end; returns the exit code, and all that it said."""
        rest = await asyncio.wait_for(self._process.stdout.read(), PATIENCE)
        self.lines += rest.decode().splitlines()
        return await asyncio.wait_for(self._process.wait(), PATIENCE), self.lines


@asynccontextmanager
async def running(name, *args):
    """Run an example; what it writes as an error is said too."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", EXAMPLES / name, *args),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
