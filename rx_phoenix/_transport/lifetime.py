"""The life of a connection as an Observable, and that of its session."""

import warnings
from asyncio import get_running_loop
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession
from reactivex import Observable, abc

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import Connection

__all__ = ["lifetime", "session_of"]


def lifetime(
    live: Callable[[abc.ObserverBase[Connection]], Awaitable[None]],
) -> Observable[Connection]:
    """Return an Observable that begins a life when subscribed to, and ends with it.

    Args:
        live: Opens a connection, emits it, and returns at its end, or raises.
    """

    def subscribe(
        observer: abc.ObserverBase[Connection],
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        has_loop = isinstance(scheduler, LoopScheduler)
        loop = scheduler if has_loop else LoopScheduler.current()
        return loop.spawn(
            live(observer), lambda _: observer.on_completed(), observer.on_error
        )

    return Observable(subscribe)


@asynccontextmanager
async def session_of(
    endpoint: Endpoint, given: ClientSession | None, make: Callable[[], ClientSession]
) -> AsyncGenerator[ClientSession]:
    """Provide the session of an attempt: the user's, or one of its own.

    One of its own is closed in the end, with a warning if its loop has ended before.
    """
    if given is not None:
        yield given
        return
    session, loop = make(), get_running_loop()
    connector = session.connector
    assert connector is not None, "a session that was made without one"  # noqa: S101
    try:
        yield session
    finally:
        # It may have been detached; then its connector is what is left to close.
        session.detach()
        if loop.is_closed():  # then nothing can be awaited
            warnings.warn(
                f"the socket of {endpoint.public_url} outlived its event loop: await "
                "its aclose(), or use `async with`",
                ResourceWarning,
                stacklevel=1,
                source=connector,
            )
        else:
            await connector.close()
