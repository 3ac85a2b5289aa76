"""How the time of some work grows, whatever else this machine and process hold."""

import gc
import sys
from time import process_time

__all__ = ["count_calls", "least_seconds"]


def least_seconds(work):
    """The least processor time of a function, of three calls."""
    times = []
    # The collector's time grows with all that other tests have left behind.
    gc.disable()
    for _ in range(3):
        began = process_time()
        work()
        times.append(process_time() - began)
    gc.enable()
    return min(times)


def count_calls(work):
    """The number of calls that a function makes, the same on every machine."""
    calls = 0

    def count(_, event, __):
        nonlocal calls
        calls += event in {"call", "c_call"}

    earlier = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(earlier)
    return calls
