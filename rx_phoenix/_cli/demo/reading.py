"""What the publisher says each time: a machine's figures at one moment."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Process", "Reading"]


class Process(Struct, frozen=True):
    """One of the busiest programs of a machine.

    Attributes:
        pid: Its number.
        name: Its name, without arguments: they may hold secrets.
        cpu: How much of one core it took since the last reading, in percent.
        memory: Bytes of memory it holds.
    """

    pid: int
    name: str
    cpu: float
    memory: int


class Reading(Struct, frozen=True, kw_only=True):
    """A machine's figures at one moment; what was moved counts since it booted.

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
        processes: The busiest programs, the busiest first.
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
