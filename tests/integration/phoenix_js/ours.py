"""rx_phoenix, driven by the words of client.mjs."""

from collections.abc import Sequence
from typing import Any

from rx_phoenix import (
    Backoff,
    Channel,
    Heartbeat,
    Push,
    Reconnect,
    Rejoin,
    Socket,
    UsageError,
)
from tests.integration.phoenix_js.ears import Ears, Refused

__all__ = ["OurClient"]

STATUSES = ("ok", "error", "timeout")


class OurClient(Ears):
    """A socket of rx_phoenix; what it hears is written as the official client's is."""

    def __init__(self) -> None:
        super().__init__()
        self._socket: Socket | None = None
        self._channels: dict[str, Channel] = {}
        self._params: dict[str, Any] = {}

    async def do(self, verb: str, **arguments: Any) -> Any:
        """Do what a line of client.mjs says.

        Raises:
            Refused: The client raised.
        """
        try:
            return getattr(self, verb)(**arguments)
        except UsageError as error:
            raise Refused(str(error)) from error

    async def end(self) -> None:
        """End the socket."""
        if self._socket is not None:
            await self._socket.aclose()

    # The verbs.

    def socket(
        self,
        *,
        url: str,
        params: Any = None,
        auth_token: str | None = None,
        timeout: float = 10.0,
        heartbeat: float = 30.0,
        reconnect: Sequence[float] = (),
        rejoin: Sequence[float] = (),
    ) -> None:
        """Make the socket."""
        self._params["socket"] = params
        self._socket = socket = Socket(
            url,
            params=lambda: self._params["socket"],
            auth_token=auth_token,
            timeout=timeout,
            heartbeat=Heartbeat(heartbeat, heartbeat),
            reconnect=Reconnect(
                Backoff.steps(*reconnect) if reconnect else Backoff.phoenix_reconnect()
            ),
            rejoin=Rejoin(
                Backoff.steps(*rejoin) if rejoin else Backoff.phoenix_rejoin()
            ),
        )
        socket.on_open(lambda: self._hear("socket", "open"))
        socket.on_close(lambda _: self._hear("socket", "close"))

    def connect(self) -> None:
        """Connect."""
        self._live.connect()

    def disconnect(self, code: int = 1000, reason: str = "") -> None:
        """Disconnect."""
        self._live.disconnect(code, reason)

    def params(self, *, of: str, params: Any) -> None:
        """Change the params of the socket or of a channel."""
        self._params[of] = params

    def channel(self, *, name: str, topic: str, params: Any = None) -> None:
        """Get a channel."""
        self._params[name] = params
        given = None if params is None else lambda: self._params[name]
        channel = self._live.channel(topic, given)
        self._channels[name] = channel
        channel.on_close(lambda payload, *_: self._hear(name, "close", payload))
        channel.on_error(lambda reason: self._hear(name, "error", reason))

    def join(
        self,
        *,
        channel: str,
        name: str,
        timeout: float | None = None,
        statuses: Sequence[str] = STATUSES,
    ) -> None:
        """Join a channel."""
        self._follow(self._channels[channel].join(timeout), name, statuses)

    def leave(self, *, channel: str, name: str, timeout: float | None = None) -> None:
        """Leave a channel."""
        self._follow(self._channels[channel].leave(timeout), name)

    def push(
        self,
        *,
        channel: str,
        event: str,
        name: str,
        payload: Any = None,
        timeout: float | None = None,
        statuses: Sequence[str] = STATUSES,
    ) -> None:
        """Push to a channel."""
        push = self._channels[channel].push(event, from_json(payload), timeout)
        self._follow(push, name, statuses)

    def on(self, *, channel: str, event: str) -> int:
        """Listen to an event of a channel."""
        return self._channels[channel].on(
            event, lambda payload: self._hear(channel, event, payload)
        )

    def off(self, *, channel: str, event: str, ref: int | None = None) -> None:
        """Listen no more."""
        self._channels[channel].off(event, ref)

    def state(self, *, channel: str | None = None) -> str:
        """The state of a channel, or of the socket."""
        return (self._channels[channel] if channel else self._live).state

    @property
    def _live(self) -> Socket:
        assert self._socket is not None
        return self._socket

    def _follow(
        self, push: Push, name: str, statuses: Sequence[str] = STATUSES
    ) -> None:
        for status in statuses:
            self._follow_status(push, name, status)

    def _follow_status(self, push: Push, name: str, status: str) -> None:
        push.receive(status, lambda response: self._hear(name, status, response))

    def _hear(self, *parts: Any) -> None:
        self.note([to_json(part) for part in parts])


def to_json(value: Any) -> Any:
    """A payload as client.mjs writes it."""
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case {"response": bytes() as data, **rest}:
            return {**rest, "response": to_json(data)}
        case _:
            return value


def from_json(value: Any) -> Any:
    """A payload as client.mjs reads it."""
    match value:
        case {"bytes": str(digits)}:
            return bytes.fromhex(digits)
        case _:
            return value
