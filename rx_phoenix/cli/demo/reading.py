"""What the publisher says each time: this machine's figures at one moment."""

import time
from typing import Annotated

import psutil
from msgspec import Meta, Struct

__all__ = ["Reading", "read"]


class Reading(Struct, frozen=True, kw_only=True):
    """This machine's figures at one moment; what was moved counts since it booted.

    Attributes:
        at: The time, in seconds since 1970.
        every: Seconds from one reading to the next.
        cores: How busy each core was since the last reading, in percent.
        memory: Bytes of memory in use.
        memory_total: Bytes of memory there are.
        received: Bytes that came in over the network.
        sent: Bytes that went out over the network.
        disk_read: Bytes that were read from disks.
        disk_written: Bytes that were written to disks.
    """

    at: float
    every: Annotated[float, Meta(gt=0)]
    cores: Annotated[tuple[float, ...], Meta(min_length=1)]
    memory: int
    memory_total: Annotated[int, Meta(gt=0)]
    received: int
    sent: int
    disk_read: int
    disk_written: int


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
