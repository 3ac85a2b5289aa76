"""How many sockets the system lets a process have."""

import sys

__all__ = ["RESERVE", "sockets_within"]

RESERVE = 200
"""Descriptors that a process needs for other things."""


def sockets_within(wanted: int) -> int:
    """Raise the limit of this process and its children as far as need be.

    Returns:
        How many sockets there can be: as many as wanted, or fewer.
    """
    if sys.platform == "win32":
        return wanted
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit  # noqa: PLC0415 - not on Windows

    needed = wanted + RESERVE
    soft, hard = getrlimit(RLIMIT_NOFILE)
    if soft != RLIM_INFINITY and soft < needed:
        soft = needed if hard == RLIM_INFINITY else min(needed, hard)
        setrlimit(RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == RLIM_INFINITY else min(wanted, soft - RESERVE)
