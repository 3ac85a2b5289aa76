"""Figures of a machine that does not exist, so that no picture shows a real one."""

import time
from math import sin

from rx_phoenix_demo.reading import Process, Reading

__all__ = ["read"]

GIB = 1 << 30

CORES = 4

PROCESSES = (
    (2104, "beam.smp", 61.0, 412),
    (2230, "postgres", 34.0, 268),
    (871, "python", 22.0, 143),
    (1533, "nginx", 8.5, 24),
    (2317, "redis-server", 4.0, 61),
    (640, "systemd-journald", 1.5, 38),
    (702, "chronyd", 0.5, 9),
    (811, "sshd", 0.0, 12),
    (655, "dbus-daemon", 0.0, 7),
    (1, "systemd", 0.0, 14),
)
"""Id, name, usage of a core in percent, and memory in MiB."""

start = time.monotonic()


async def read(every: float) -> Reading:
    """Make the next reading up.

    Args:
        every: Seconds between readings.
    """
    # Of the time, because the first readings follow each other at once.
    elapsed = time.monotonic() - start
    waves = [sin(elapsed / (5 + 2 * core)) for core in range(CORES)]
    return Reading(
        at=time.time(),
        every=every,
        cores=tuple(30 + 8 * core + 20 * wave for core, wave in enumerate(waves)),
        memory=int((5.1 + 0.4 * waves[-1]) * GIB),
        memory_total=16 * GIB,
        received=int(elapsed * 840_000 + 90_000 * waves[0]),
        sent=int(elapsed * 320_000 + 40_000 * waves[1]),
        disk_read=int(elapsed * 180_000 + 30_000 * waves[2]),
        disk_written=int(elapsed * 460_000 + 60_000 * waves[3]),
        processes=tuple(
            Process(pid, name, max(0.0, cpu * (1 + 0.2 * waves[0])), memory << 20)
            for pid, name, cpu, memory in PROCESSES
        ),
    )
