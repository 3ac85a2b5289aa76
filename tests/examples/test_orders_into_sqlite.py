"""examples/orders_into_sqlite: each order once, whatever is killed."""

import asyncio
import random
import socket
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.examples.program import EXAMPLES

COUNT = 10_000
WORKERS, SERVERS = 10, 5
"""How often each is killed."""

STEP = 520
"""The number of new rows before the next one is killed."""

MODULE = "examples.orders_into_sqlite"


class Programs:
    """The two programs, of which each is started again when it was killed."""

    def __init__(self, folder):
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port = probe.getsockname()[1]
        self.database = folder / "orders.db"
        self.ledger = folder / "orders.log"
        self.processes = {}

    async def start(self, name):
        url = f"ws://127.0.0.1:{self.port}/socket"
        arguments = {
            "server": (self.ledger, self.port, "--count", COUNT, "--rate", "1500"),
            "worker": (self.database, url, "--until", COUNT),
        }[name]
        self.processes[name] = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{MODULE}.{name}", *map(str, arguments)),
            cwd=EXAMPLES.parent,
        )

    async def kill(self, name):
        process = self.processes[name]
        assert process.returncode is None, f"the {name} ended by itself"
        process.kill()
        await process.wait()
        await self.start(name)

    async def until(self, count):
        """Wait until there are so many rows."""
        async with asyncio.timeout(60):
            while True:
                if self.count() >= count:
                    return
                await asyncio.sleep(0.02)

    def count(self):
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            tables = database.execute("select name from sqlite_master").fetchall()
            if ("orders",) not in tables:
                return 0
            return database.execute("select count(*) from orders").fetchone()[0]

    def rows(self):
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            return database.execute(
                "select id, item from orders order by id"
            ).fetchall()


@pytest.fixture
async def programs(tmp_path):
    programs = Programs(tmp_path)
    await programs.start("server")
    await programs.start("worker")
    yield programs
    for process in programs.processes.values():
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.slow  # fifteen times a program is killed and started again
async def test_10_000_orders_are_10_000_rows_whatever_is_killed(programs):
    victims = ["worker"] * WORKERS + ["server"] * SERVERS
    random.Random(7).shuffle(victims)
    for number, victim in enumerate(victims, 1):
        # By rows and not by time: the worker must not be done before the last one.
        await programs.until(number * STEP)
        await programs.kill(victim)
    code = await asyncio.wait_for(programs.processes["worker"].wait(), 120)

    assert code == 0
    assert programs.rows() == [(n, f"item {n}") for n in range(1, COUNT + 1)]
