"""Batches into SQLite: events are written a hundred at a time, or once a second.

::

    rx-phoenix serve
    python examples/batch_into_sqlite.py events.db

It asks the server for a burst of events, so that there is something to write. One
batch is written at a time, in a thread, while the next one fills; should the disk be
slower than the events for long, it ends with a `QueueOverflow` rather than the memory.
"""

import argparse
import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import Socket
from rx_phoenix.operators import for_each

Tick = Mapping[str, int]
"""An event: ``{"i": 0}``."""


def has_rows(batch: list[Tick]) -> bool:
    return bool(batch)


def write(path: str, batch: list[Tick]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table if not exists ticks (i integer)")
        database.executemany("insert into ticks values (:i)", batch)
    print(f"Wrote {len(batch)} rows")


def store(ticks: Observable[Tick], path: str) -> "asyncio.Task[None]":
    """Write events in batches; returns a task that ends with the stream."""

    async def insert(batch: list[Tick]) -> None:
        await asyncio.to_thread(write, path, batch)

    batches = ticks.pipe(
        ops.buffer_with_time_or_count(timespan=1.0, count=100), ops.filter(has_rows)
    )
    return for_each(batches, insert, maxsize=100)


async def main(url: str, path: str, count: int) -> None:
    async with Socket(url) as socket:
        channel = socket.channel("room:ticks")
        ticks = channel.events("tick").pipe(ops.take(count))
        stored = store(ticks, path)
        await channel.join()
        channel.push("burst", {"n": count})
        await stored


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Batches into SQLite.")
    parser.add_argument("path")
    parser.add_argument("--count", type=int, default=1050)
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")  # says so when there is no server
    with suppress(KeyboardInterrupt):
        asyncio.run(main(args.url, args.path, args.count))
