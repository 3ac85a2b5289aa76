"""Breaking the connection, on purpose and for real."""

import asyncio

from reactivex import Observable, abc, throw
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._streams.hub import Hub
from rx_phoenix._transport.contract import Connection, Transport
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.testing._server import PhoenixServer

__all__ = ["BreakableTransport", "restart"]


async def restart(server: PhoenixServer, pause: float) -> None:
    """Stop a server as for a deployment, and start it again.

    Args:
        server: The server.
        pause: Seconds that it is down.
    """
    await server.stop()
    await asyncio.sleep(pause)
    await server.start()


class BreakableTransport:
    """A transport whose cable can be pulled out.

    Args:
        inner: What carries the frames.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._is_broken = False
        self._breaks = Hub[ConnectionLost](_raise)

    async def break_for(self, pause: float) -> None:
        """End every connection without a word, and let none open for a while.

        Args:
            pause: Seconds that it stays broken.
        """
        self._is_broken = True
        self._breaks.on_next(ConnectionLost(1006, "the cable is out"))
        try:
            await asyncio.sleep(pause)
        finally:
            self._is_broken = False

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """One attempt of the inner transport, until the cable is out."""
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


def _raise(error: Exception) -> None:
    raise error
