"""What things cost while nothing happens, in bytes."""

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from rx_phoenix import Socket

__all__ = ["COUNT", "measure"]

COUNT = 2000
"""How many of a kind there are; a fortieth of it for sockets."""


async def cost(count: int, make: Callable[[int], Awaitable[Any]]) -> int:
    """The bytes that each of many takes, with what keeps it."""
    await make(0)  # what the first one brings along for all
    gc.collect()
    tracemalloc.start()
    kept = [await make(number) for number in range(1, count + 1)]
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken // len(kept)


async def measure(url: str) -> dict[str, int]:
    """A joined channel, a subscription to its events, an open socket."""
    sockets: list[Socket] = []

    async def opened(_: int) -> Socket:
        sockets.append(Socket(url, heartbeat=None))
        await sockets[-1].connect()
        return sockets[-1]

    async def joined(number: int) -> Any:
        channel = socket.channel(f"bench:{number}")
        await channel.join()
        return channel

    async def subscribed(_: int) -> Any:
        return channel.events("tick").subscribe(print)

    socket = await opened(0)
    channel = await joined(-1)
    figures = {
        "a joined channel": await cost(COUNT, joined),
        "a subscription": await cost(COUNT, subscribed),
        "an open socket": await cost(COUNT // 40, opened),
    }
    for one in sockets:
        await one.aclose()
    return figures


if __name__ == "__main__":
    found = asyncio.run(measure(sys.argv[1]))
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
