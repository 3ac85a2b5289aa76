"""The diagnosis of a connection, in plain words."""

from collections.abc import Iterator

from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._connection.outage import Outage
from rx_phoenix._connection.sentences import announce, describe
from rx_phoenix._log import log_event
from rx_phoenix._protocol.lifecycle import HeartbeatAnswered, Lifecycle, Opened
from rx_phoenix._protocol.names import SocketState
from rx_phoenix._protocol.transitions import DemandState
from rx_phoenix.errors import ProtocolError

__all__ = ["Diagnosis"]

LISTED = 10
"""The number of channels that are listed."""

KEPT = 20
"""The number of events that are remembered."""

NO_DEMAND = (
    "; there is no demand for a connection: call connect(), join a channel, or "
    "subscribe to `connection`, `joined` or `stream`"
)
"""The reason for which a closed socket stays closed, and the remedy."""


class Diagnosis:
    """Remembers and logs the last events of a connection.

    Args:
        url: The endpoint, fit for logs.
        connection: The connection.
    """

    def __init__(self, url: str, connection: ConnectionManager) -> None:
        self._url = url
        self._connection = connection
        self._events: list[tuple[float, str]] = []
        self._outage = Outage()
        self._dropped = 0
        connection.observer = self.note
        connection.state.subscribe(self._note_state)

    def note(self, event: Lifecycle | ProtocolError) -> None:
        """Remember an event with its time, and log it.

        Frames that are dropped one after another are one event, so that they neither
        flood a log nor hide earlier events; answered heartbeats are left out.
        """
        now = self._connection.scheduler.monotonic()
        is_news = self._outage.take(event, now)
        took = self._outage.took if isinstance(event, Opened) else None
        text = describe(event, took)
        self._dropped = self._dropped + 1 if isinstance(event, ProtocolError) else 0
        if self._dropped > 1:
            self._events.pop()
            text = f"{self._dropped} frames were dropped, the last of them: {event}."
        else:
            words = announce(event, took)
            log_event(event, words, self._url, is_news=is_news, took=took)
        if not isinstance(event, HeartbeatAnswered):
            self._events.append((now, text))
            del self._events[:-KEPT]

    def text(self) -> str:
        """Return the state, the last events, and the channels that are not joined."""
        connection = self._connection
        lines = [f"{self._url} is {connection.state.value}{self._outlook()}."]
        pause = connection.router.backpressure.describe()
        if pause is not None:
            lines.append(pause)
        if self._events:
            now = connection.scheduler.monotonic()
            lines += [f"{now - at:8.1f} s ago: {text}" for at, text in self._events]
        else:
            lines.append("Nothing has happened yet.")
        return "\n".join((*lines, *self._channels()))

    def _channels(self) -> Iterator[str]:
        """Yield a line for each channel that is to be joined and is not."""
        problems = [
            f"{channel.topic!r} is not joined: {channel.problem}."
            for channel in self._connection.router.registry
            if channel.problem is not None
        ]
        yield from problems[:LISTED]
        if len(problems) > LISTED:
            yield f"{len(problems) - LISTED} more channels are not joined."

    def _note_state(self, state: SocketState) -> None:
        if state is SocketState.CONNECTING:
            self._outage.attempt_begun(self._connection.scheduler.monotonic())

    def _outlook(self) -> str:
        """Return what comes next, or why nothing does."""
        connection = self._connection
        if connection.linger.due is not None:
            left = self._seconds_until(connection.linger.due)
            return f"; nothing holds it, so it closes in {left:.1f} s"
        if connection.state.value is not SocketState.CLOSED:
            return ""
        if connection.next_attempt is not None:
            left = self._seconds_until(connection.next_attempt)
            return f"; the next attempt is due in {left:.1f} s"
        match connection.demand.state:
            case DemandState.ENDED:
                return "; it was ended by aclose()"
            case DemandState.PAUSED:
                return "; disconnect() paused it: call connect()"
            case DemandState.ACTIVE:
                is_held = connection.demand.exists
                return ", and no attempt is due" if is_held else NO_DEMAND

    def _seconds_until(self, time: float) -> float:
        return max(time - self._connection.scheduler.monotonic(), 0.0)
