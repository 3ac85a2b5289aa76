"""What a screen shows of a share: its price, and whether that can be trusted."""

from typing import Any

from reactivex.disposable import CompositeDisposable

from rx_phoenix import ChannelState, Socket


class Dashboard:
    """Follows one share from when it is made until it is disposed.

    Attributes:
        price: The latest price; None before the first.
        status: ``connecting``, then ``live`` while prices can come and ``stale``
            while they cannot.
    """

    def __init__(self, socket: Socket, symbol: str) -> None:
        self.price: float | None = None
        self.status = "connecting"
        channel = socket.channel(f"share:{symbol}")
        self._subscriptions = CompositeDisposable(
            channel.states.subscribe(self._show_state),
            channel.stream("price").subscribe(self._show_price),
        )

    def _show_state(self, state: ChannelState) -> None:
        if state is ChannelState.JOINED:
            self.status = "live"
        elif self.status == "live":
            self.status = "stale"

    def _show_price(self, payload: dict[str, Any]) -> None:
        self.price = payload["price"]

    def dispose(self) -> None:
        """Follow it no longer."""
        self._subscriptions.dispose()
