"""A server of orders, which remembers them in a file and may be killed.

::

    python -m examples.orders_into_sqlite.server orders.log 4000

It takes an order at each tick, up to a number of them, and sends it to the channels
that are joined. A join with ``after`` gets at most 50 of the orders that it missed, as
real servers limit their replays; ``page`` returns the rest, 100 at a time.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from rx_phoenix.testing import PhoenixServer, ServerChannel

REPLAY, PAGE = 50, 100


class Ledger:
    """The orders that were taken, a line each: their ids are the lines' numbers."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+")
        self._file.seek(0)
        self.orders = [
            {"id": number, "item": line.rstrip("\n")}
            for number, line in enumerate(self._file, 1)
        ]

    def take(self, item: str) -> dict[str, Any]:
        """Remember an order, and return it."""
        print(item, file=self._file, flush=True)
        order = {"id": len(self.orders) + 1, "item": item}
        self.orders.append(order)
        return order

    def after(self, cursor: int, before: int | None, count: int) -> list[Any]:
        """Return some orders behind a cursor."""
        end = len(self.orders) if before is None else before - 1
        return self.orders[cursor:end][:count]


def channel_of(ledger: Ledger) -> type[ServerChannel]:
    """Return a channel that serves a ledger."""

    class Orders(ServerChannel):
        def join(self, params: Any) -> None:
            for order in ledger.after(params.get("after", 0), None, REPLAY):
                self.later(0.0, self.push, "order", order)

        def handle_in(self, _event: str, payload: Any, ref: Any) -> None:
            page = ledger.after(payload["after"], payload["before"], PAGE)
            self.reply(ref, "ok", {"orders": page})

    return Orders


async def serve(path: Path, port: int, count: int, rate: float) -> None:
    """Serve orders until cancelled."""
    ledger = Ledger(path)
    async with PhoenixServer({"order:*": channel_of(ledger)}, port=port) as server:
        print(f"Serving at {server.url}", flush=True)
        while len(ledger.orders) < count:
            order = ledger.take(f"item {len(ledger.orders) + 1}")
            server.broadcast("order:all", "order", order)
            if order["id"] % 20 == 0:
                await asyncio.sleep(20 / rate)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A server of orders.")
    parser.add_argument("path", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=1000.0, help="orders a second")
    args = parser.parse_args()
    asyncio.run(serve(args.path, args.port, args.count, args.rate))
