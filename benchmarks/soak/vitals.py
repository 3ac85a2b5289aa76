"""What a process holds at one moment, and what counts as growth."""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Mapping
from time import monotonic

import psutil
from msgspec import Struct

__all__ = ["LIMITS", "LIMITS_OF_SERVER", "Vitals", "settled"]

PATIENCE = 10.0
"""Seconds until a process that has nothing to do has to be quiet."""

STEP = 0.05
"""Seconds between two looks."""

LIMITS = {
    "tasks": 0,
    "descriptors": 0,
    "threads": 0,
    "objects": 5_000,
    "blocks": 20_000,
    "memory": 24 * 1024 * 1024,
}
"""By how much each may grow, however long it goes on.

One socket that is never let go, with its channels, costs more than a thousand blocks:
a leak of one in a round is over the limit after 20 rounds. Memory is what the system
counts, and depends on what the allocator has kept.
"""


LIMITS_OF_SERVER = LIMITS | {"objects": 45_000, "blocks": 80_000}
"""By how much each may grow in the server's process, which is the kit's own.

aiohttp's server remembers the last 1,024 handlers that it called, each with the
application that it belonged to, and every restart brings two with a new one.
"""


class Vitals(Struct, frozen=True, kw_only=True):
    """What a process holds.

    Attributes:
        tasks: Of asyncio, this one included.
        descriptors: Open files and sockets.
        threads: Threads.
        objects: What the collector of cycles watches.
        blocks: Allocations that Python's own allocator has not been given back.
        memory: Bytes that are resident.
    """

    tasks: int
    descriptors: int
    threads: int
    objects: int
    blocks: int
    memory: int

    @classmethod
    def taken(cls) -> "Vitals":
        """Those of this process, without garbage."""
        while gc.collect():
            pass
        process = psutil.Process()
        return cls(
            tasks=len(asyncio.all_tasks()),
            descriptors=descriptors(),
            threads=threading.active_count(),
            objects=len(gc.get_objects()),
            blocks=sys.getallocatedblocks(),
            memory=process.memory_info().rss,
        )

    def growth(self, since: "Vitals") -> dict[str, int]:
        """What has become more, by name."""
        return {name: getattr(self, name) - getattr(since, name) for name in LIMITS}

    def excess(
        self, since: "Vitals", limits: Mapping[str, int] = LIMITS
    ) -> dict[str, int]:
        """What has grown by more than it may, by name."""
        growth = self.growth(since)
        return {name: n for name, n in growth.items() if n > limits[name]}


def descriptors() -> int:
    """How many files and sockets are open; handles, on Windows."""
    process = psutil.Process()
    count: Callable[[], int] = (
        process.num_handles if sys.platform == "win32" else process.num_fds
    )
    return count()


async def settled(tasks: int, files: int | None = None) -> Vitals:
    """Wait until there are no more tasks and files than these, or 10 s; then look.

    Args:
        tasks: How many tasks are normal.
        files: How many open files are; None for any number.
    """
    until = monotonic() + PATIENCE
    while monotonic() < until:
        has_files = files is not None and descriptors() > files
        if len(asyncio.all_tasks()) <= tasks and not has_files:
            break
        await asyncio.sleep(STEP)
    return Vitals.taken()
