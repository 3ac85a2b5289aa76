"""The demo from its start to its end."""

import asyncio
import secrets
from asyncio import Future
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.demo.machine import read
from rx_phoenix._cli.demo.performance import Performance, Show
from rx_phoenix._cli.demo.plan import Plan, plan_for
from rx_phoenix._cli.demo.publisher import Deliveries, deliveries, publications
from rx_phoenix._cli.demo.stage import Stage, borrowed, embedded
from rx_phoenix._cli.silence_logs import quiet_logs
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.state import Latest
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect

__all__ = ["demonstrate", "play"]

FRAME = 0.1
"""Seconds from one look at what is new to the next."""

RECONNECT = Reconnect(Backoff.steps(0.3, 0.6, 1.0, jitter=0.2))
"""Slow enough to watch, fast enough not to bore."""

HEARTBEAT = Heartbeat(interval=1.0, timeout=3.0)
"""So often for the sake of the round trip that is shown."""


async def demonstrate(
    url: str | None,
    seconds: float | None,
    present: Callable[[Performance], AbstractAsyncContextManager[Show]],
) -> None:
    """Play the demo.

    Args:
        url: A server that runs already; one of its own if None.
        seconds: How long it plays; until it is cancelled if None.
        present: Shows it, in a terminal or in a browser.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: It does not let us into the channel.
    """
    async with (
        borrowed(url) if url else embedded() as stage,
        connected(
            stage.url,
            params={"user_id": secrets.token_hex(4)},
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
        # Readings go out whoever looks at what becomes of them.
        latest = Latest[Deliveries](fail)
        delivered = latest.observable
        performance = Performance(stage, viewer, delivered, scheduler, fail)
        with quiet_logs(), deliveries(pushes).subscribe(latest.on_next, fail):
            async with present(performance) as show:
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
