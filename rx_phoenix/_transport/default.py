"""The transport of a socket that was given none."""

import asyncio
import sys

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import Connection, Transport

__all__ = ["DefaultTransport"]


class DefaultTransport:
    """A `WebSocketTransport`, imported when it first connects.

    It needs aiohttp, which takes a tenth of a second to import: time that a program
    that never connects need not spend, and that no loop should stand still for.
    """

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt; see `Transport.connect`."""

        def subscribe(
            observer: abc.ObserverBase[Connection],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            connecting = SerialDisposable()

            def connect(transport: Transport) -> None:
                attempt = transport.connect(endpoint)
                connecting.disposable = attempt.subscribe(observer, scheduler=scheduler)

            if "aiohttp" in sys.modules:
                connect(_websocket_transport())
            else:
                has_loop = isinstance(scheduler, LoopScheduler)
                loop = scheduler if has_loop else LoopScheduler.current()
                connecting.disposable = loop.spawn(
                    asyncio.to_thread(_websocket_transport), connect, observer.on_error
                )
            return connecting

        return Observable(subscribe)


def _websocket_transport() -> Transport:
    from rx_phoenix._transport.websocket import (  # noqa: PLC0415 - see above
        WebSocketTransport,
    )

    return WebSocketTransport()
