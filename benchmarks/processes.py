"""The processes of a run: one server, and one for each client, which take turns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import msgspec

from benchmarks.cases import Case

__all__ = ["ROOT", "Process", "Worker", "serving", "working"]

ROOT = Path(__file__).parent.parent


class Process:
    """A child that speaks in lines.

    Args:
        command: What to run.
        core: The core that it stays on; any if None.
    """

    def __init__(self, command: Sequence[str], core: int | None) -> None:
        with staying_on(core):
            self._process = subprocess.Popen(  # noqa: S603 - our own
                command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True
            )

    def write(self, line: str) -> None:
        """Say something."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def read(self) -> str:
        """Wait for a line.

        Raises:
            RuntimeError: It ended instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended")
        return line

    @property
    def processor_seconds(self) -> float:
        """The time that it has computed."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


class Worker(Process):
    """A client's process."""

    def measure(self, case: Case, url: str, repeats: int) -> dict[str, Any]:
        """Run a case; what came of it."""
        command = {"case": case, "url": url, "repeats": repeats}
        self.write(msgspec.json.encode(command).decode())
        return json.loads(self.read())


def cores() -> tuple[int | None, int | None]:
    """One core for the server, one for the clients, if there are two to choose from."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    first, *others = sorted(os.sched_getaffinity(0))
    return (first, others[0]) if others else (None, None)


@contextmanager
def staying_on(core: int | None) -> Iterator[None]:
    """What is started meanwhile stays on a core, with all its threads."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def serving() -> Iterator[tuple[Process, str]]:
    """The server, and its URL."""
    process = Process([sys.executable, "-m", "benchmarks.server"], cores()[0])
    try:
        yield process, f"ws://127.0.0.1:{int(process.read())}/socket"
    finally:
        process.end()


@contextmanager
def working(
    clients: dict[str, Sequence[str]],
) -> Iterator[dict[str, Worker]]:
    """All clients, idle until it is their turn."""
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, command in clients.items():
            worker = workers[name] = Worker(command, cores()[1])
            stack.callback(worker.end)
        yield workers
