"""Reading the figures of this machine."""

import asyncio
import time
from collections.abc import Sequence

import psutil

from rx_phoenix._cli.demo.reading import Process, Reading

__all__ = ["busiest", "read"]

SHOWN = 10
"""How many programs are worth telling."""


async def read(every: float) -> Reading:
    """Read this machine's figures.

    Args:
        every: Seconds from one reading to the next.
    """
    # There may be thousands, which takes a while.
    processes = await asyncio.to_thread(busiest, SHOWN)
    memory = psutil.virtual_memory()
    # Some containers have neither a network nor a disk to count.
    network, disk = psutil.net_io_counters(), psutil.disk_io_counters()
    return Reading(
        at=time.time(),
        every=every,
        cores=tuple(psutil.cpu_percent(percpu=True)),
        memory=memory.total - memory.available,
        memory_total=memory.total,
        received=network.bytes_recv if network else 0,
        sent=network.bytes_sent if network else 0,
        disk_read=disk.read_bytes if disk else 0,
        disk_written=disk.write_bytes if disk else 0,
        processes=tuple(processes),
    )


def busiest(count: int) -> Sequence[Process]:
    """The busiest programs, the busiest first; of equals, the largest.

    Args:
        count: How many at most.
    """
    fields = ["name", "cpu_percent", "memory_info"]
    found = [
        Process(
            process.pid,
            process.info["name"] or "",
            process.info["cpu_percent"] or 0.0,
            process.info["memory_info"].rss if process.info["memory_info"] else 0,
        )
        for process in psutil.process_iter(fields)
    ]
    return sorted(found, key=lambda one: (-one.cpu, -one.memory, one.pid))[:count]
