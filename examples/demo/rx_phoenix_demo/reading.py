"""The payload of the demo: a machine's figures at one moment."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Process", "Reading"]


class Process(Struct, frozen=True):
    """One of the busiest processes.

    Attributes:
        pid: The process id.
        name: The name, without arguments because they may hold secrets.
        cpu: Usage of one core since the last reading, in percent.
        memory: Resident memory in bytes.
    """

    pid: int
    name: str
    cpu: float
    memory: int


class Reading(Struct, frozen=True, kw_only=True):
    """A machine's figures at one moment; byte counters start at its boot.

    Attributes:
        at: The time, in seconds since 1970.
        every: Seconds between readings.
        cores: Usage of each core since the last reading, in percent.
        memory: Bytes of memory in use.
        memory_total: Bytes of memory in total.
        received: Bytes received over the network.
        sent: Bytes sent over the network.
        disk_read: Bytes read from disks.
        disk_written: Bytes written to disks.
        processes: The busiest processes, the busiest first.
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
    processes: tuple[Process, ...] = ()
