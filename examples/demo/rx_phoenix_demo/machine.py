"""Reader of this machine's figures."""

import asyncio
import time
from collections.abc import Sequence

import psutil

from rx_phoenix_demo.reading import Process, Reading

__all__ = ["busiest", "read"]

SHOWN = 10
"""Number of processes in a reading."""


async def read(every: float) -> Reading:
    """Read this machine's figures.

    Args:
        every: Seconds between readings.
    """
    # In a thread, because listing thousands of processes takes a while.
    processes = await asyncio.to_thread(busiest, SHOWN)
    memory = psutil.virtual_memory()
    # Some containers have no counters of network or disk.
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
    """List the processes that use most of the processor; of equals, the largest first.

    Args:
        count: Number at most.
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
