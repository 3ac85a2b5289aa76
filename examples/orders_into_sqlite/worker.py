"""A worker that writes each order into SQLite exactly once.

::

    python -m examples.orders_into_sqlite.server orders.log 4000
    python -m examples.orders_into_sqlite.worker orders.db ws://127.0.0.1:4000/socket

Kill either of them at any moment, with ``kill -9`` too, and start it again: the worker
goes on behind the last order that it has committed.
"""

import argparse
import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from rx_phoenix import Backoff, Reconnect, Rejoin, Socket
from rx_phoenix.operators import for_each, resume

Order = Mapping[str, Any]
"""An order: ``{"id": 7, "item": "tea"}``. The ids are consecutive."""

TABLES = """
create table if not exists orders (id integer primary key, item text);
create table if not exists cursors (topic text primary key, id integer);
"""

QUICK = Backoff(first=0.05, factor=2, cap=2.0)


class Store:
    """The orders of a topic, and the cursor of the last one."""

    def __init__(self, path: str, topic: str) -> None:
        self._topic = topic
        # A power failure may undo the last transactions, but each as a whole: they
        # are fetched again.
        pragmas = "pragma journal_mode=wal; pragma synchronous=normal;"
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(pragmas + TABLES)

    @property
    def cursor(self) -> int:
        """The id of the last order that was committed; 0 before the first."""
        query = "select id from cursors where topic = ?"
        row = self._database.execute(query, (self._topic,)).fetchone()
        return row[0] if row else 0

    def add(self, order: Order) -> None:
        """Write an order and its cursor in one transaction, or neither.

        An order that is there already changes nothing, so that a retry after a commit
        whose answer was lost is harmless.
        """
        with self._database as database:
            database.execute("begin immediate")
            database.execute("insert or ignore into orders values (:id, :item)", order)
            database.execute(
                "insert or replace into cursors values (?, ?)",
                (self._topic, order["id"]),
            )


async def add_until_done(store: Store, order: Order) -> None:
    """Retry while another program has locked the database."""
    for attempt in range(1, 10):
        try:
            store.add(order)
        except sqlite3.OperationalError:
            await asyncio.sleep(0.1 * attempt)
        else:
            return
    store.add(order)


async def work(url: str, path: str, topic: str, until: int | None) -> None:
    """Write orders, up to one with the id ``until`` if there is one."""
    store, done = Store(path, topic), asyncio.Event()
    reconnect, rejoin = Reconnect(delays=QUICK), Rejoin(delays=QUICK)
    async with Socket(url, reconnect=reconnect, rejoin=rejoin) as socket:
        channel = socket.channel(topic)

        async def fetch(after: int, before: int | None) -> list[Order]:
            page = await channel.push("page", {"after": after, "before": before})
            orders: list[Order] = page["orders"]
            return orders

        async def save(order: Order) -> None:
            await add_until_done(store, order)
            if order["id"] == until:
                done.set()

        orders = resume(
            channel,
            "order",
            cursor=lambda order: order["id"],
            param="after",
            since=store.cursor,
            backfill=fetch,
        )
        if store.cursor == until:
            return
        saving = for_each(orders, save, overflow="wait")
        reached = asyncio.create_task(done.wait())
        await asyncio.wait({saving, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        saving.cancel()
        if saving.done() and not saving.cancelled():
            saving.result()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Orders into SQLite.")
    parser.add_argument("path")
    parser.add_argument("url")
    parser.add_argument("--topic", default="order:all")
    parser.add_argument("--until", type=int)
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    asyncio.run(work(args.url, args.path, args.topic, args.until))
