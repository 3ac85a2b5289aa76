"""The command line as a user starts it: at the end of a pipe, or in a terminal."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from contextlib import asynccontextmanager
from dataclasses import dataclass

__all__ = ["PATIENCE", "Ran", "Terminal", "piped", "run", "terminal"]

PATIENCE = 60.0
"""Seconds after which something will not happen any more."""

ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)")


@dataclass
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str


def environment(**changes):
    """What a command sees: nothing that would colour its output."""
    dropped = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "TERM": "xterm-256color", **changes}


@asynccontextmanager
async def piped(*args, stdout=asyncio.subprocess.PIPE, **changes):
    """A command whose streams are pipes; it is killed if the test leaves it running."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rx_phoenix", *args),
        stdin=asyncio.subprocess.PIPE,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**changes),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(*args, given="", **changes):
    """Run a command to its end."""
    async with piped(*args, **changes) as process, asyncio.timeout(PATIENCE):
        out, err = await process.communicate(given.encode())
    return Ran(process.returncode, out.decode(), err.decode())


class Terminal:
    """A terminal of 80 by 24 with a command in it.

    Attributes:
        process: The command.
        raw: All that it has written.
        text: The same without the escape sequences.
    """

    def __init__(self, process, master):
        self.process = process
        self.raw = self.text = ""
        self._master = master
        self._arrived = asyncio.Event()
        self._closed = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self):
        try:
            data = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody has the other end
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
            self._closed.set()
        self.raw += data.decode(errors="replace")
        self.text = ESCAPES.sub("", self.raw)
        self._arrived.set()

    async def until(self, words, times=1):
        """Wait until something was written, a number of times."""
        async with asyncio.timeout(PATIENCE):
            while self.text.count(words) < times:
                self._arrived.clear()
                await self._arrived.wait()

    async def prompted(self, times=1):
        """Wait until a prompt was shown, a number of times.

        Between two prompts the terminal itself takes Ctrl-D for the end of a line, and
        the command never sees it.
        """
        await self.until(">\x08", times)

    async def ended(self):
        """Wait until all that was written has been read."""
        async with asyncio.timeout(PATIENCE):
            await self._closed.wait()

    def press(self, keys):
        """Press keys, such as ``\\x03`` for Ctrl-C."""
        os.write(self._master, keys.encode())

    async def press_until(self, keys, words, every=0.5):
        """Press keys again and again, until something was written."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.text:
                self.press(keys)
                await asyncio.sleep(every)

    async def end(self):
        """Wait for the end of the command, and say how it ended."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def terminal(*args, **changes):
    """A command in a terminal; it is killed if the test leaves it running."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rx_phoenix", *args),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**changes),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
