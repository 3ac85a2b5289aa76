"""The official client: node, the package, and a process of it to talk to."""

import asyncio
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from tests.integration.phoenix_js.ears import PATIENCE, Ears, Refused

__all__ = ["OfficialClient", "missing_node", "prepare_packages", "run_official_client"]

HERE = Path(__file__).parent


def missing_node() -> str | None:
    """Why the official client cannot be run here; None if it can."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    return f"needs {' and '.join(missing)}" if missing else None


def prepare_packages(folder: Path = HERE) -> None:
    """Install what package-lock.json names, into node_modules, unless it is there."""
    installed = folder / "node_modules" / ".package-lock.json"
    wanted = folder / "package-lock.json"
    # The workers of one run share the folder.
    with (Path(gettempdir()) / f"rx_phoenix-{folder.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        _install(folder, installed, wanted)


def _install(folder: Path, installed: Path, wanted: Path) -> None:
    if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
        return
    subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"],
        cwd=folder,
        check=True,
    )
    os.utime(installed)


class OfficialClient(Ears):
    """A socket of phoenix.js in a process of its own."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process
        self._ids = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}

    async def do(self, verb: str, **arguments: object) -> Any:
        """Do what a line of client.mjs says.

        Raises:
            Refused: The client threw.
        """
        self._ids += 1
        answer = self._answers[self._ids] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": self._ids, "do": verb, **arguments})
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def read(self) -> None:
        """Take what the process says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "heard" in said:
                self.note(said["heard"])
                continue
            answer = self._answers.pop(said["id"])
            if "error" in said:
                answer.set_exception(Refused(said["error"]))
            else:
                answer.set_result(said["result"])


@asynccontextmanager
async def run_official_client(folder: Path = HERE) -> AsyncIterator[OfficialClient]:
    """Start a process with one socket of an official client, and end it."""
    process = await create_subprocess_exec(
        "node", folder / "client.mjs", stdin=PIPE, stdout=PIPE
    )
    client = OfficialClient(process)
    reading = asyncio.create_task(client.read())
    try:
        yield client
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await reading
