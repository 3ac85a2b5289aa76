"""A pipeline over prices: nothing in it knows of sockets."""

from collections.abc import Sequence

from reactivex import Observable
from reactivex import operators as ops


def is_filled(prices: Sequence[float]) -> bool:
    return bool(prices)


def mean(prices: Sequence[float]) -> float:
    return sum(prices) / len(prices)


def averages(prices: Observable[float], window: float = 1.0) -> Observable[float]:
    """The mean price of each span of some seconds, if it had any."""
    return prices.pipe(
        ops.buffer_with_time(window),
        ops.filter(is_filled),
        ops.map(mean),
    )
