"""The demo from its start to its end."""

import asyncio
from asyncio import Future

from rich.console import Console

from rx_phoenix.cli.connecting import connected
from rx_phoenix.cli.demo.feed import feed
from rx_phoenix.cli.demo.machine import read
from rx_phoenix.cli.demo.pipelines import Limits
from rx_phoenix.cli.demo.plan import Plan, plan_for
from rx_phoenix.cli.demo.publisher import publications
from rx_phoenix.cli.demo.show import Show, showing
from rx_phoenix.cli.demo.stage import Stage, borrowed, embedded
from rx_phoenix.cli.quiet import quiet_logs
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect
from rx_phoenix.streams.scheduler import LoopScheduler

__all__ = ["demonstrate"]

FRAME = 0.1
"""Seconds from one look at the scene to the next."""

RECONNECT = Reconnect(Backoff.steps(0.3, 0.6, 1.0, jitter=0.2))
"""Slow enough to watch, fast enough not to bore."""

HEARTBEAT = Heartbeat(interval=1.0, timeout=3.0)
"""So often for the sake of the round trip that is shown."""

HYSTERESIS = 10.0
"""Percent by which a figure has to fall until its alarm is over."""


async def demonstrate(url: str | None, seconds: float | None, alarm: float) -> None:
    """Play the demo.

    Args:
        url: A server that runs already; one of its own if None.
        seconds: How long it plays; until it is cancelled if None.
        alarm: Percent from which on there is alarm.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: It does not let us into the channel.
    """
    limits = Limits(alarm, alarm - HYSTERESIS)
    async with (
        borrowed(url) if url else embedded() as stage,
        connected(
            stage.url,
            transport=stage.transport,
            reconnect=RECONNECT,
            heartbeat=HEARTBEAT,
        ) as viewer,
        connected(
            stage.url, transport=stage.transport, reconnect=RECONNECT
        ) as publisher,
    ):
        scheduler = LoopScheduler.current()
        failure: Future[None] = scheduler.loop.create_future()

        def fail(error: Exception) -> None:
            if not failure.done():
                failure.set_exception(error)

        source = publisher.channel(stage.topic)
        await source.join()
        pushes = publications(source, read, scheduler)
        seen = viewer.channel(stage.topic)
        streams = feed(viewer, seen, pushes, limits, scheduler)
        console, clock = Console(), scheduler.monotonic
        with quiet_logs(), showing(streams, stage, console, clock, fail) as show:
            await play(plan_for(seconds), stage, show, failure)


async def play(plan: Plan, stage: Stage, show: Show, failure: Future[None]) -> None:
    """Show what there is until the end, with an outage on the way.

    Args:
        plan: When what happens.
        stage: What breaks.
        show: Called again and again.
        failure: Ends it early, with an exception.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    outage = loop.create_task(_break_once(plan, stage))
    try:
        while plan.end is None or loop.time() < begin + plan.end:
            show(plan.outlook(loop.time() - begin, stage.plan))
            await asyncio.wait({failure}, timeout=FRAME)
            for ended in failure, outage:
                if ended.done():
                    ended.result()
        show(plan.outlook(loop.time() - begin, stage.plan))
    finally:
        outage.cancel()
        await asyncio.wait({outage})


async def _break_once(plan: Plan, stage: Stage) -> None:
    await asyncio.sleep(plan.outage_at)
    await stage.outage(plan.outage)
