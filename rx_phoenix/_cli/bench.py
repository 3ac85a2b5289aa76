"""``rx-phoenix bench``: latency and throughput of a server."""

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
    """The load of a benchmark.

    Attributes:
        pushes: The number of pushes.
        at_once: The number of pushes in flight.
    """

    pushes: int
    at_once: int


async def bench(
    target: Target, options: PushOptions, load: Load, output: Output
) -> None:
    """Push repeatedly, and measure the round trips.

    Args:
        target: The server.
        options: The push, to which the server must reply.
        load: The number of pushes.
        output: Shows the figures.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
        PushError: A push was refused or timed out.
    """
    async with connected(target) as socket:
        channel = socket.channel(options.topic, options.params)
        await channel.join()
        trips: list[float] = []
        numbers = iter(range(load.pushes))

        async def measure(_: int) -> None:
            """Push until all is pushed; as many of these run as may be in flight."""
            for _ in numbers:
                began = perf_counter()
                await channel.push(options.event, options.payload)
                trips.append(perf_counter() - began)

        began = perf_counter()
        await for_each(
            reactivex.range(load.at_once),
            measure,
            strategy="merge",
            max_concurrent=load.at_once,
            maxsize=load.at_once,
        )
        elapsed = perf_counter() - began
    output.value(figures(trips, elapsed))


def figures(trips: list[float], elapsed: float) -> dict[str, float]:
    """Compute the figures of round trips, in seconds, to the microsecond.

    >>> figures([0.1, 0.2, 0.3], 0.6)["pushes_per_second"]
    5.0
    """
    cuts = quantiles(trips, n=100, method="inclusive") if len(trips) > 1 else trips * 99
    return {
        "pushes": len(trips),
        "pushes_per_second": round(len(trips) / elapsed, 1),
        "median": round(cuts[49], 6),
        "p90": round(cuts[89], 6),
        "p99": round(cuts[98], 6),
        "longest": round(max(trips), 6),
    }
