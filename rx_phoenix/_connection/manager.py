"""One connection at a time: attempts, retries, heartbeats, closes."""

from collections.abc import Callable, Sequence
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from rx_phoenix._connection.attempt import Attempt, Destination
from rx_phoenix._connection.demand import ConnectionDemand
from rx_phoenix._connection.departure import leave_after_answers, leave_kept
from rx_phoenix._connection.environment import Environment
from rx_phoenix._connection.linger import Linger
from rx_phoenix._connection.oversized import fail_oversized
from rx_phoenix._connection.own_close import OwnClose
from rx_phoenix._connection.reconnect import NextStep, Reconnector
from rx_phoenix._connection.traffic import Pings, Traffic
from rx_phoenix._protocol.close_frame import check_close
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    GaveUp,
    HeartbeatMissed,
    Lifecycle,
    Opened,
    Retrying,
)
from rx_phoenix._protocol.names import SocketState
from rx_phoenix._protocol.sent_secrets import SentSecrets
from rx_phoenix._protocol.serializer import Serializer
from rx_phoenix._protocol.transitions import (
    CONNECTION_TRANSITIONS,
    SOCKET_STATES,
    ConnectionEvent,
    ConnectionState,
)
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix._streams.state import State
from rx_phoenix._transport.contract import (
    Connection,
    Transport,
    batches_of,
    transport_for,
)
from rx_phoenix.errors import (
    ConnectError,
    ConnectionLost,
    ProtocolError,
)
from rx_phoenix.policy import Heartbeat, Reconnect, SendBuffer

__all__ = ["ConnectionManager"]

SETTLED_AFTER = 5.0
"""Seconds after an answered join until the connection counts as good."""


class ConnectionManager(Traffic):
    """Keeps a connection open while it is held, and notifies its channels.

    `ConnectionDemand` decides whether there is to be a connection; the table
    `CONNECTION_TRANSITIONS` says how one comes and goes; an `Attempt` is the present
    one. The rest of this class is order: all state is updated before an observer is
    notified, because observers may call back in; an observer may have replaced the
    attempt, so that each further step looks whether it is still the present one.

    Attributes:
        state: The state of the socket, as users see it.
        lifecycle: Everything that happens to the connection, as values.
        observer: Gets the same, before users do.
        lease: The connection as a shared stream.
        demand: The demand for it.
        linger: The end of a connection that is held no longer.
        is_open: True if frames can be sent now.
    """

    def __init__(  # noqa: PLR0913 - the options of a socket
        self,
        destination: Destination,
        *,
        transport: Transport,
        serializer: Serializer,
        heartbeat: Heartbeat | None,
        reconnect: Reconnect,
        send_buffer: SendBuffer,
        environment: Environment,
    ) -> None:
        super().__init__(serializer, heartbeat, send_buffer, environment)
        report, get_scheduler = environment.report, environment.get_scheduler
        self.state = State(SocketState.CLOSED, report)
        self.lifecycle: Hub[Lifecycle | ProtocolError] = Hub(report)
        self.observer: Callable[[Lifecycle | ProtocolError], None] | None = None
        self.lease: Lease[Opened] = Lease(
            self._lease_taken, lambda: self.release(self.lease), report
        )
        self._destination = destination
        self._transport = transport_for(transport, self)
        self._policy = reconnect
        self.demand = ConnectionDemand(report)
        self._reconnector = Reconnector(
            reconnect,
            scheduler=get_scheduler,
            spawn=self.spawn,
            random=environment.random,
            context=environment.context,
            begin=self._begin,
            expired=self._outage_expired,
        )
        self._connection_state = ConnectionState.IDLE
        self.is_open = False
        self._attempt: Attempt | None = None
        self.sent_secrets = SentSecrets(
            lambda: frozenset() if self._attempt is None else self._attempt.secrets,
            self.router.registry.secrets_in,
        )
        self.linger = Linger(
            reconnect.linger, get_scheduler, lambda: self._close(1000, "")
        )
        self._own_close = OwnClose(self._closed, report)
        self._departure = SerialDisposable()
        events: Observable[Lifecycle] | None = getattr(
            self._transport, "lifecycle", None
        )
        if events is not None:
            events.subscribe(self._emit)

    @property
    def url(self) -> str:
        """The endpoint, fit for logs."""
        return self._destination.public_url

    @property
    def _is_connected(self) -> bool:
        return SOCKET_STATES[self._connection_state] is SocketState.OPEN

    @property
    def next_attempt(self) -> float | None:
        """The scheduler's time of the next attempt; None if none is scheduled."""
        return self._reconnector.due

    # Demand.

    def check_usable(self) -> None:
        """Check that there can be a connection.

        Raises:
            UsageError: The socket has ended, no loop runs, or another one than its own.
        """
        self.demand.check()
        self.scheduler.check_loop()

    def hold(self, holder: object) -> None:
        """Hold the connection, until `release`.

        Raises:
            UsageError: As `check_usable`.
        """
        self.check_usable()
        self.demand.add(holder)
        self.linger.cancel()
        self._begin_if_idle()

    def release(self, holder: object) -> None:
        """Hold it no longer; the last release closes it, or lets it linger."""
        self.demand.remove(holder)
        if self.demand.is_released:
            self.linger.begin(is_used=self._attempt is not None)

    def _lease_taken(self) -> None:
        was_open = self._is_connected
        self.hold(self.lease)
        if was_open:
            self.lease.emit(Opened())

    def connect(self) -> SingleResult[None]:
        """Hold it until `disconnect`; settles at the first open, or the final error."""
        self.check_usable()
        self._reconnector.restart_limits()
        opening = self.demand.connect(is_open=self._is_connected)
        self.hold(self)
        return opening

    def disconnect(self, code: int, reason: str) -> SingleResult[None]:
        """Close it, whatever holds it, until `connect`.

        Raises:
            UsageError: No close frame can carry the code or the reason.
        """
        check_close(code, reason)
        self.demand.pause()
        is_connecting = self._connection_state is ConnectionState.CONNECTING
        closed = self._close(code, reason)
        if is_connecting:
            self._emit(Closed(code, reason, clean=False, ours=True, was_open=False))
        return closed

    def reconnect_now(self, probe: float) -> None:
        """Skip the wait for the next attempt, or probe the open connection.

        Args:
            probe: Seconds within which something must arrive over it.
        """
        self.check_usable()
        if self._attempt is None:
            self._stop_waiting()
        elif self._is_connected and self.demand.exists:
            self.heartbeat.probe(probe)
        self._begin_if_idle()

    # What a transport of its own asks of it: it is an `Owner`.

    def ask(
        self, use: Callable[[Endpoint], None], fail: Callable[[Exception], None]
    ) -> abc.DisposableBase:
        """Ask the providers for the endpoint of another attempt."""
        return self._destination.ask(self.spawn, use, fail)

    def depart(self, done: Callable[[], None]) -> abc.DisposableBase:
        """Await answers to pushes in flight, leave all channels, then call a function.

        Pushes from now on wait for the next join.
        """
        self._transition(ConnectionEvent.DEPARTURE_BEGUN)
        departure = leave_after_answers(self.router, self.scheduler, done)
        self._departure.disposable = departure
        return departure

    def refuse(self) -> None:
        """Refuse new requests; shutdown has begun."""
        self.demand.refuse()
        if self._attempt is not None:
            leave_kept(self.router, self._attempt.connection)

    def end(self) -> SingleResult[None]:
        """Close it for good, after `refuse`."""
        self._drop_idle_timers()
        self.demand.end()
        return self._close(1000, "")

    # An attempt, from its beginning to its end.

    def _begin_if_idle(self) -> None:
        if self.demand.exists:
            self._own_close.finish()
        if self.demand.exists and self._connection_state is ConnectionState.IDLE:
            self._begin()

    def _begin(self, credentials: Sequence[Any] | None = None) -> None:
        self._reconnector.begun()
        attempt = self._attempt = Attempt(
            self._destination,
            self._transport,
            self.scheduler,
            self.spawn,
            timeout=self._policy.timeout,
            context=self.context,
            opened=self._opened,
            failed=self._failed,
            lost=self._ended,
            sent_otherwise=self.sent_secrets.repeated_in,
        )
        self._transition(ConnectionEvent.ATTEMPT_BEGUN)
        if attempt is self._attempt:
            self.scheduler.run_detached(attempt.start, credentials)

    def _opened(self, attempt: Attempt, connection: Connection) -> None:
        # A subscriber that takes the lease from now on gets `Opened` by taking it.
        holders = self.lease.holders if self.lease.is_held else None
        self._reconnector.opened()
        self.router.carry(attempt)
        attempt.after(self._policy.stable, self._reconnector.settled)
        self.heartbeat.start()
        self.pace.start()
        attempt.own(batches_of(connection).subscribe(self.router.receive))
        self._transition(ConnectionEvent.OPENED)
        for channel in self.router.registry:
            if attempt is self._attempt:
                channel.opened()
        if attempt is self._attempt:
            self._emit(Opened())
        if attempt is self._attempt and holders is not None:
            holders.on_next(Opened())
        if attempt is self._attempt:
            self.demand.opened()

    def join_answered(self) -> None:
        """Note that a join was answered, after which the connection soon is good."""
        attempt = self._attempt
        if attempt is not None and not attempt.is_join_answered:
            attempt.is_join_answered = True
            attempt.after(SETTLED_AFTER, self._reconnector.settled)

    def _failed(self, attempt: Attempt, error: Exception) -> None:
        failed = AttemptFailed(error, self._reconnector.attempts)
        self._connection_ended(attempt, "connection_error", error, failed)

    def _ended(self, attempt: Attempt, error: ConnectionLost) -> None:
        """Take the end of a connection, behind the frames that it has brought."""
        self.router.reader.when_delivered(lambda: self._lost(attempt, error))

    def _lost(
        self,
        attempt: Attempt,
        error: ConnectionLost,
        reason: str = "connection_closed",
    ) -> None:
        self.router.counters.reconnects[reason] += 1
        closed = Closed(error.code, error.reason, error.clean)
        self._connection_ended(attempt, reason, error, closed)

    def _heartbeat_missed(self) -> None:
        attempt = self._attempt
        self._emit(HeartbeatMissed())
        if attempt is not None and attempt is self._attempt:
            attempt.abandon(1000, "heartbeat timeout")
            error = ConnectionLost(1006, "heartbeat timeout")
            self._lost(attempt, error, "heartbeat_timeout")

    def _outage_expired(self) -> None:
        """Give up: there was no connection for as long as the policy allows."""
        url, within = self._destination.public_url, self._policy.within
        error = ConnectError(f"no connection to {url} within {within:g} s", url=url)
        attempt = self._attempt
        if attempt is None:
            self._decided(self._reconnector.time_is_up(error))
        else:
            attempt.fail(error)

    def _connection_ended(
        self,
        attempt: Attempt,
        reason: str,
        error: Exception,
        event: AttemptFailed | Closed,
    ) -> None:
        """Decide what comes next, then notify everything that relied on it.

        The next step has begun before that: an observer that asks for a connection
        then does not skip the wait.
        """
        self._take_attempt()
        pings = self._detach()
        step = self._decide(attempt, error)
        if isinstance(error, ConnectionLost):
            fail_oversized(self.router.registry, error)
        self._notify_lost(reason, error, pings)
        self._emit(event)
        if step is not None:
            self._announce(step)

    def _decide(self, attempt: Attempt, error: Exception) -> NextStep | None:
        """Take the next step; returns it if there is one to be announced by now."""
        if not self.demand.exists:
            self._reconnector.start_afresh()
            self._transition(ConnectionEvent.CLOSED)
            return None
        step = self._reconnector.decide(
            error, attempt.credentials, self._destination.providers, self._decided
        )
        if step is None:
            self._transition(ConnectionEvent.CREDENTIALS_REFUSED)
        else:
            self._take(step)
        return step

    def _decided(self, step: NextStep) -> None:
        """Take a step that waited for the providers."""
        self._take(step)
        self._announce(step)

    def _take(self, step: NextStep) -> None:
        is_final = isinstance(step.outcome, GaveUp)
        event = ConnectionEvent.GAVE_UP if is_final else ConnectionEvent.RETRY_SCHEDULED
        # A user's policy may have called disconnect(), and connect() again.
        if self._attempt is not None or not self._transition(event):
            self._reconnector.stop()

    def _announce(self, step: NextStep) -> None:
        """Announce a step, unless an observer or a user's function undid it."""
        for problem in step.problems:
            self.report(problem)
        if step.failure is not None:
            self._emit(step.failure)
        state, outcome = self._connection_state, step.outcome
        if isinstance(outcome, Retrying) and state is ConnectionState.WAITING:
            self._emit(outcome)
        elif isinstance(outcome, GaveUp) and state is ConnectionState.GIVEN_UP:
            self._give_up(outcome)

    def _give_up(self, outcome: GaveUp) -> None:
        # A request from now on makes it start afresh.
        self._reconnector.start_afresh()
        self._transition(ConnectionEvent.CLOSED)
        opening = self.demand.take_promise()
        holders = self.lease.detach()
        self.demand.remove(self.lease)
        for channel in self.router.registry:
            channel.gave_up(outcome.error)
        self._drop_idle_timers()
        if opening is not None:
            opening.fail(outcome.error)
        self._emit(outcome)
        holders.on_error(outcome.error)

    def _detach(self) -> Pings:
        """Let go of the connection; returns the pings in flight."""
        self.linger.cancel()
        # Its pushes are about to end, and nothing can be left any more.
        self._departure.disposable = None
        self.lease.forget()
        return self._cut()

    def _take_attempt(self) -> Attempt | None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            self.sent_secrets.remember(attempt.sent_texts)
        return attempt

    # A close of our own.

    def _close(self, code: int, reason: str) -> SingleResult[None]:
        self._reconnector.start_afresh()
        attempt = self._take_attempt()
        if attempt is None:
            self._stop_waiting()
            # Closed, or closing: in that case, its end is awaited.
            return self._own_close.promise
        leave_kept(self.router, attempt.connection)
        pings = self._detach()
        is_open = self._is_connected
        closed = Closed(code, reason, clean=False, ours=True)
        ended = self._own_close.begin(closed if is_open else None)
        promise = self._own_close.promise
        begun = ConnectionEvent.CLOSE_BEGUN if is_open else ConnectionEvent.CLOSED
        self._transition(begun)
        self._notify_lost("connection_closed", ConnectionLost(code, reason), pings)
        attempt.close(code, reason, ended)
        return promise

    def _closed(self, event: Closed) -> None:
        self._transition(ConnectionEvent.CLOSED)
        self._emit(event)

    def _stop_waiting(self) -> None:
        """Cancel what was to come next; a close in progress goes on."""
        self._reconnector.stop()
        if self._connection_state is not ConnectionState.CLOSING:
            self._transition(ConnectionEvent.CLOSED)

    def _emit(self, event: Lifecycle | ProtocolError) -> None:
        if self.observer is not None:
            try:
                self.observer(event)
            except ISOLATED as error:  # of a handler of logging
                self.report(contained(error))
        self.lifecycle.on_next(event)

    def _transition(self, event: ConnectionEvent) -> bool:
        """Move by the table; returns False if the event has no cell there."""
        arrival = CONNECTION_TRANSITIONS[self._connection_state].get(event)
        if arrival is not None:
            self._connection_state = arrival
            self.is_open = arrival is ConnectionState.OPEN
            self.state.on_next(SOCKET_STATES[arrival])
        return arrival is not None
