"""Outages on purpose: a server that restarts, and a transport that breaks."""

import asyncio
from typing import Any

from reactivex import Observable, abc, throw
from reactivex.disposable import CompositeDisposable
from reactivex.subject import Subject

from rx_phoenix import ConnectError, Connection, ConnectionLost, Transport
from rx_phoenix.testing import PhoenixServer

__all__ = ["BreakableTransport", "restart"]


async def restart(server: PhoenixServer, pause: float) -> None:
    """Stop a server as a deployment does, and start it again.

    Args:
        server: The server.
        pause: Seconds of downtime.
    """
    await server.stop()
    await asyncio.sleep(pause)
    await server.start()


class BreakableTransport:
    """A transport that can be broken on purpose.

    Args:
        inner: The transport that carries the frames.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._is_broken = False
        self._breaks = Subject[ConnectionLost]()

    async def break_for(self, pause: float) -> None:
        """Abort every connection, and refuse new ones for a while.

        Args:
            pause: Seconds that the transport stays broken.
        """
        self._is_broken = True
        self._breaks.on_next(ConnectionLost(1006, "the cable is out"))
        try:
            await asyncio.sleep(pause)
        finally:
            self._is_broken = False

    def connect(self, endpoint: Any) -> Observable[Connection]:
        """Connect by the inner transport; an outage ends the connection.

        Args:
            endpoint: Passed on to the inner transport.
        """
        if self._is_broken:
            url = endpoint.public_url
            return throw(ConnectError("the cable is out, on purpose", url=url))

        def subscribe(
            observer: abc.ObserverBase[Connection],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            attempt = self._inner.connect(endpoint).subscribe(
                observer, scheduler=scheduler
            )
            return CompositeDisposable(
                attempt, self._breaks.subscribe(observer.on_error)
            )

        return Observable(subscribe)
