"""``rx-phoenix bench``: how fast a server answers, and how much it takes."""

from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter

import reactivex

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.pushing import PushOptions
from rx_phoenix._cli.target import Target
from rx_phoenix.operators import for_each

__all__ = ["Load", "bench"]


@dataclass(frozen=True, slots=True)
class Load:
    """How much is pushed.

    Attributes:
        pushes: How many there are in all.
        at_once: How many of them wait for their answers at once.
    """

    pushes: int
    at_once: int


async def bench(
    target: Target, saying: PushOptions, load: Load, output: Output
) -> None:
    """Push again and again, and measure how long the answers take.

    Args:
        target: The server.
        saying: What is to be said; the server has to answer it.
        load: How often.
        output: Where to show the figures.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
        PushError: A push was not answered with ok.
    """
    async with connected(target.url, **target.options) as socket:
        channel = socket.channel(saying.topic, saying.params)
        await channel.join()
        trips = [0.0] * load.pushes

        async def measure(number: int) -> None:
            began = perf_counter()
            await channel.push(saying.event, saying.payload)
            trips[number] = perf_counter() - began

        began = perf_counter()
        await for_each(
            reactivex.range(load.pushes),
            measure,
            strategy="merge",
            max_concurrent=load.at_once,
            maxsize=load.pushes,
        )
        elapsed = perf_counter() - began
    output.value(figures(trips, elapsed))


def figures(trips: list[float], elapsed: float) -> dict[str, float]:
    """What there is to say of some round trips, in seconds.

    >>> figures([0.1, 0.2, 0.3], 0.6)["pushes_per_second"]
    5.0
    """
    cuts = quantiles(trips, n=100, method="inclusive") if len(trips) > 1 else trips * 99
    return {
        "pushes": len(trips),
        "pushes_per_second": len(trips) / elapsed,
        "median": cuts[49],
        "p90": cuts[89],
        "p99": cuts[98],
        "longest": max(trips),
    }
