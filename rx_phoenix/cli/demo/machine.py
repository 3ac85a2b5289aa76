"""Reading the figures of this machine."""

import time

import psutil

from rx_phoenix.cli.demo.reading import Reading

__all__ = ["read"]


def read(every: float) -> Reading:
    """Read this machine's figures.

    Args:
        every: Seconds from one reading to the next.
    """
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
    )
