"""How the time of some work grows, whatever else this machine and process hold."""

import gc
from time import process_time

__all__ = ["least_seconds"]


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
