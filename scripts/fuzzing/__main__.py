"""Run Autobahn's cases: ``scripts/autobahn [PATTERN…]``."""

import asyncio
import json
import sys
from pathlib import Path

from aiohttp import ClientSession

from scripts.fuzzing.clients import CLIENTS, Client
from scripts.fuzzing.server import serving
from scripts.fuzzing.verdict import regressions, table

PATIENCE = 120.0
"""Seconds for one case."""

COMPRESSIONS = {"": 0, " with compression": 15}


async def count_of(url: str) -> int:
    """How many cases there are."""
    async with (
        ClientSession() as session,
        session.ws_connect(f"{url}/getCaseCount") as websocket,
    ):
        return int(await websocket.receive_str())


async def run(url: str, agent: str, client: Client, compress: int) -> None:
    """Let a client go through all cases."""
    query = agent.replace(" ", "%20")
    for number in range(1, await count_of(url) + 1):
        try:
            async with asyncio.timeout(PATIENCE):
                await client(f"{url}/runCase?case={number}&agent={query}", compress)
        except TimeoutError:
            print(f"{agent}: case number {number} took too long", flush=True)
    async with (
        ClientSession() as session,
        session.ws_connect(f"{url}/updateReports?agent={query}") as websocket,
    ):
        await websocket.receive()


def main() -> int:
    """Run both clients, and compare."""
    python, packages, reports, *patterns = sys.argv[1:]
    folder = Path(reports)
    with serving(python, Path(packages), folder, patterns or ["*"]) as url:
        for suffix, compress in COMPRESSIONS.items():
            for name, client in CLIENTS.items():
                print(f"{name}{suffix} …", flush=True)
                asyncio.run(run(url, name + suffix, client, compress))
    results = json.loads((folder / "index.json").read_text())
    print(table(results))
    worse = [
        f"{case}{suffix}"
        for suffix in COMPRESSIONS
        for case in regressions(results, "rx_phoenix" + suffix, "aiohttp" + suffix)
    ]
    for case in worse:
        print(f"aiohttp's client passes {case}, and ours does not")
    print(f"The reports are in {folder}.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
