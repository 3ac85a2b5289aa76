"""The demo from start to end."""

import asyncio
import secrets
from asyncio import Future
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from reactivex.subject import BehaviorSubject

from rx_phoenix import Backoff, Heartbeat, Reconnect, Socket
from rx_phoenix.operators import LoopScheduler
from rx_phoenix_demo.backend import Backend, embedded_backend, external_backend
from rx_phoenix_demo.context import DemoContext, Refresh
from rx_phoenix_demo.machine import read
from rx_phoenix_demo.plan import Plan, plan_for
from rx_phoenix_demo.publisher import Deliveries, deliveries, publications

__all__ = ["follow", "run_demo"]

FRAME = 0.1
"""Seconds between refreshes."""

DELAYS = Backoff.steps(0.3, 0.6, 1.0, jitter=0.2)
"""Short delays between attempts, but long enough to watch."""

HEARTBEAT = Heartbeat(interval=1.0, timeout=3.0)
"""A short interval, because the page shows the round trip."""


async def run_demo(
    url: str | None,
    seconds: float | None,
    present: Callable[[DemoContext], AbstractAsyncContextManager[Refresh]],
    origins: Collection[str] = (),
) -> None:
    """Run the demo.

    Args:
        url: A running server; the demo starts its own if None.
        seconds: Duration; runs until it is cancelled if None.
        present: Shows the demo, in a terminal or in browsers.
        origins: The origins of web pages that may connect to its server.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The server refuses the channel.
    """
    async with (
        external_backend(url) if url else embedded_backend(origins) as backend,
        connected(backend) as viewer,
        connected(backend) as publisher,
    ):
        scheduler = LoopScheduler.current()
        failure: Future[None] = scheduler.loop.create_future()

        def fail(error: Exception) -> None:
            if not failure.done():
                failure.set_exception(error)

        source = publisher.channel(backend.topic)
        await source.join()
        pushes = publications(source, read, scheduler)
        counts = BehaviorSubject(Deliveries())
        context = DemoContext(backend, viewer, counts, scheduler, fail)
        # Readings are pushed with or without a browser that shows their counts.
        with deliveries(pushes).subscribe(counts.on_next, fail):
            async with present(context) as refresh:
                await follow(plan_for(seconds), backend, refresh, failure)


@asynccontextmanager
async def connected(backend: Backend) -> AsyncGenerator[Socket]:
    """Connect to a server; only losses are retried, so that a wrong URL fails at once.

    Args:
        backend: The server.

    Raises:
        ConnectError: The first attempt failed.
    """
    has_opened = False

    def give_up(_: Exception) -> bool | None:
        return None if has_opened else True

    async with Socket(
        backend.url,
        params={"user_id": secrets.token_hex(4)},
        transport=backend.transport,
        reconnect=Reconnect(DELAYS, give_up=give_up),
        heartbeat=HEARTBEAT,
    ) as socket:
        has_opened = True
        yield socket


async def follow(
    plan: Plan, backend: Backend, refresh: Refresh, failure: Future[None]
) -> None:
    """Refresh until the end, with an outage on the way.

    Args:
        plan: The schedule.
        backend: The server, with the outage.
        refresh: Called periodically.
        failure: Ends the demo early, with its exception.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    outage = loop.create_task(_break_once(plan, backend))

    def show() -> None:
        refresh(plan.next_event(loop.time() - begin, backend.outage_text))

    try:
        while plan.end is None or loop.time() < begin + plan.end:
            show()
            await asyncio.wait({failure}, timeout=FRAME)
            for ended in failure, outage:
                if ended.done():
                    ended.result()
        show()
    finally:
        outage.cancel()
        await asyncio.wait({outage})


async def _break_once(plan: Plan, backend: Backend) -> None:
    await asyncio.sleep(plan.outage_at)
    await backend.outage(plan.outage)
