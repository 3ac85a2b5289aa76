"""One live connection at a time: attempts, retries, heartbeats, goodbyes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from reactivex import Observable

from rx_phoenix._connection.attempt import CLOSE_TIMEOUT, Attempt, Destination
from rx_phoenix._connection.heartbeat import HeartbeatMonitor
from rx_phoenix._connection.reconnect import Reconnector, Verdict
from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    GaveUp,
    HeartbeatMissed,
    Lifecycle,
    Opened,
    Retrying,
)
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import SocketState
from rx_phoenix._protocol.serializer import Serializer
from rx_phoenix._protocol.transitions import SOCKET_TRANSITIONS, SocketEvent
from rx_phoenix._streams.deadline import DeadlinePool, SerialDeadlines
from rx_phoenix._streams.hub import Hub, Reporter
from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix._streams.state import State
from rx_phoenix._streams.tasks import Tasks
from rx_phoenix._transport.contract import Connection, Transport
from rx_phoenix.errors import (
    ConnectError,
    ConnectionLost,
    ProtocolError,
    UsageError,
)
from rx_phoenix.policy import Heartbeat, Reconnect, SendBuffer
from rx_phoenix.stats import SocketStats

__all__ = ["ConnectionManager"]

Pings = Sequence[SingleResult[float]]
"""What waits for the answer to a heartbeat."""

SETTLED_AFTER = 5.0
"""Seconds after an answered join until the connection counts as good."""


class ConnectionManager:
    """Keeps a connection while somebody holds it, and tells its members.

    Attributes:
        state: Where it stands.
        lifecycle: What happens to it.
        router: What goes over it, and whom that concerns.
        joins: The joins that are not answered yet.
        deadlines: The deadlines of pushes.
        lease: The connection as a shared stream.
        heartbeat: Its heartbeats.
        tasks: What is awaited on the socket's loop.
        spawn: Awaits something more there.
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
        scheduler: LoopScheduler | None,
        random: Callable[[], float],
        report: Reporter,
    ) -> None:
        self.state = State(SocketState.CLOSED, report)
        self.lifecycle = Hub[Lifecycle | ProtocolError](report)
        self.joins = SerialDeadlines()
        self.deadlines = DeadlinePool(lambda: self.scheduler)
        self.observer: Callable[[Lifecycle | ProtocolError], None] | None = None
        self.random = random
        self.report = report
        self.lease = Lease[Opened](
            self._lease_taken, lambda: self.release(self.lease), report
        )
        self.router = Router(
            serializer,
            send_buffer,
            report,
            heartbeat_answered=self._heartbeat_answered,
            malformed=self._emit,
        )
        self.heartbeat = HeartbeatMonitor(
            self, heartbeat or Heartbeat(), self._heartbeat_missed, report
        )
        self.tasks = Tasks(lambda: self.scheduler)
        self.spawn = self.tasks.spawn
        self._has_heartbeat = heartbeat is not None
        self._destination = destination
        self._transport = transport
        self._stable = reconnect.stable
        self._scheduler = scheduler
        self._retries = Reconnector(
            reconnect,
            scheduler=lambda: self.scheduler,
            spawn=self.spawn,
            random=random,
            report=report,
            begin=self._begin,
        )
        self._holders: dict[object, None] = {}
        self._attempt: Attempt | None = None
        self._attempts = 0
        self._unreported: Closed | None = None
        self._is_paused = False
        self._final: GaveUp | None = None
        self._has_ended = False
        self._opening: SingleResult[None] | None = None
        self._closed: SingleResult[None] = SingleResult(report)
        self._closed.succeed(None)
        told: Observable[Lifecycle] | None = getattr(transport, "lifecycle", None)
        if told is not None:
            told.subscribe(self._emit)

    # What others may ask.

    @property
    def scheduler(self) -> LoopScheduler:
        """Time and tasks; bound to the running loop at the first need, for life.

        Raises:
            UsageError: None was given, and no loop runs.
        """
        if self._scheduler is None:
            self._scheduler = LoopScheduler.current()
        return self._scheduler

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent now."""
        return self.state.value is SocketState.OPEN

    @property
    def next_attempt(self) -> float | None:
        """When the next attempt is due, by the scheduler; None if none is."""
        return self._retries.due if self._retries.is_waiting else None

    @property
    def secrets(self) -> frozenset[str]:
        """What the server was told that nobody else shall read."""
        return frozenset() if self._attempt is None else self._attempt.secrets

    def snapshot(self) -> SocketStats:
        """The figures of this moment."""
        return self.router.counters.snapshot(
            round_trip=self.heartbeat.round_trip,
            buffered=self.router.buffered,
            channels=len(self.router.registry.routes),
        )

    # Who wants a connection.

    def hold(self, holder: object) -> None:
        """Want a connection, until `release`.

        Raises:
            UsageError: The socket has ended, or no loop runs.
        """
        self.check()
        self._holders[holder] = None
        self._begin_if_idle()

    def release(self, holder: object) -> None:
        """Want it no longer; the last one closes it."""
        self._holders.pop(holder, None)
        if not self._holders and not self._has_ended:
            self._close(1000, "")

    def _lease_taken(self) -> None:
        was_open = self.is_open
        self.hold(self.lease)
        if was_open:
            self.lease.emit(Opened())

    def connect(self) -> SingleResult[None]:
        """Hold it until `disconnect`; settles at the first open, or the final error."""
        self.check()
        self._is_paused = False
        if self._opening is None or self._opening.is_settled:
            self._opening = SingleResult(self.report)
            if self.is_open:
                self._opening.succeed(None)
        opening = self._opening
        self.hold(self)
        return opening

    def disconnect(self, code: int, reason: str) -> SingleResult[None]:
        """Close it, whoever holds it, until `connect`."""
        self._is_paused = True
        self._fail_opening(
            ConnectError("disconnect() was called before the connection opened")
        )
        return self._close(code, reason)

    def reconnect_now(self) -> None:
        """Skip the wait for the next attempt."""
        self.check()
        self._final = None
        self._retries.stop()
        self._begin_if_idle()

    def refuse(self) -> None:
        """Take no more wishes: the end is near."""
        self._has_ended = True

    def end(self) -> SingleResult[None]:
        """Close it for good, after `refuse`."""
        self._holders.clear()
        self.deadlines.drop_idle_timers()
        self._fail_opening(UsageError("aclose() was called before it opened"))
        return self._close(1000, "")

    def check(self) -> None:
        """See that there can be a connection.

        Raises:
            UsageError: The socket has ended, or no loop runs, or not its own.
        """
        if self._has_ended:
            raise UsageError("this socket was ended by aclose(): make a new one")
        self.scheduler.check_loop()

    @property
    def _is_idle(self) -> bool:
        return self._attempt is None and not self._retries.is_waiting

    @property
    def _is_wanted(self) -> bool:
        is_over = self._is_paused or self._final is not None
        return bool(self._holders) and not is_over

    def _begin_if_idle(self) -> None:
        if self._is_idle and self._is_wanted:
            self._begin()

    # The life of an attempt.

    def _begin(self, credentials: Sequence[Any] | None = None) -> None:
        if self._attempt is not None:
            return
        self._attempts += 1
        attempt = self._attempt = Attempt(
            self._destination,
            self._transport,
            self.scheduler,
            self.spawn,
            opened=self._opened,
            failed=self._failed,
            lost=self._lost,
        )
        self._report_closed()
        if attempt is self._attempt:
            self._transition(SocketEvent.ATTEMPT_BEGUN)
        if attempt is self._attempt:
            attempt.start(credentials)

    def _opened(self, attempt: Attempt, connection: Connection) -> None:
        # Who takes the lease from now on is told by taking it.
        holders = self.lease.holders if self.lease.is_held else None
        self._attempts = 0
        self._retries.opened()
        attempt.after(self._stable, self._retries.settled)
        if self._has_heartbeat:
            self.heartbeat.start()
        self.router.carry(attempt)
        attempt.own(connection.frames.subscribe(self.router.receive))
        self._transition(SocketEvent.OPENED)
        for member in self.router.registry:
            if attempt is self._attempt:
                member.opened()
        if attempt is self._attempt:
            self._emit(Opened())
        if attempt is self._attempt and holders is not None:
            holders.on_next(Opened())
        if attempt is self._attempt and self._opening is not None:
            self._opening.succeed(None)

    def join_answered(self) -> None:
        """A join was answered: the connection is useful, and soon counts as good."""
        attempt = self._attempt
        if attempt is not None and not attempt.is_join_answered:
            attempt.is_join_answered = True
            attempt.after(SETTLED_AFTER, self._retries.settled)

    def _failed(self, attempt: Attempt, error: Exception) -> None:
        failed = AttemptFailed(error, self._attempts)
        self._connection_ended(attempt, "connection_error", error, failed)

    def _lost(
        self,
        attempt: Attempt,
        error: ConnectionLost,
        reason: str = "connection_closed",
    ) -> None:
        self.router.counters.reconnects[reason] += 1
        closed = Closed(error.code, error.reason, error.clean)
        self._connection_ended(attempt, reason, error, closed)

    def _heartbeat_answered(self, message: Message) -> bool:
        return self.heartbeat.receive(message)

    def _heartbeat_missed(self) -> None:
        attempt = self._attempt
        self._emit(HeartbeatMissed())
        if attempt is not None and attempt is self._attempt:
            attempt.abandon(1000, "heartbeat timeout")
            error = ConnectionLost(1006, "heartbeat timeout")
            self._lost(attempt, error, "heartbeat_timeout")

    def _connection_ended(
        self,
        attempt: Attempt,
        reason: str,
        error: Exception,
        event: AttemptFailed | Closed,
    ) -> None:
        """Decide what comes next, tell whoever counted on it, and say what happened.

        What comes next is arranged before anybody is told, for they may wish for a
        connection, and a wish is no reason to skip the wait.
        """
        self._attempt = None
        pings = self._detach()
        verdict = self._decide(attempt, error)
        final = self._final = verdict if isinstance(verdict, GaveUp) else None
        self._transition(SocketEvent.LOST)
        self._notify_lost(reason, error, pings)
        self._emit(event)
        if isinstance(verdict, Retrying):
            self._emit_retrying(verdict)
        elif final is not None and final is self._final:
            self._give_up(final)

    def _detach(self) -> Pings:
        """Nothing goes over the connection any more; returns the pings in flight."""
        self.joins.clear()
        self.router.cut()
        self.lease.forget()
        return self.heartbeat.stop()

    def _notify_lost(self, reason: str, error: Exception, pings: Pings) -> None:
        """Tell pings and channels that the connection is gone, or did not come."""
        for ping in pings:
            ping.fail(error)
        for member in self.router.registry:
            member.lost(reason, error)
        self.deadlines.drop_idle_timers()

    def _decide(self, attempt: Attempt, error: Exception) -> Verdict | None:
        if not self._is_wanted:
            return None
        return self._retries.decide(
            error, attempt.credentials, self._destination.providers, self._conclude
        )

    def _conclude(self, verdict: Verdict) -> None:
        """A verdict that took its time."""
        if isinstance(verdict, GaveUp):
            self._give_up(verdict)
        else:
            self._emit_retrying(verdict)

    def _emit_retrying(self, verdict: Retrying) -> None:
        if self._retries.is_waiting:
            self._emit(verdict)

    def _give_up(self, verdict: GaveUp) -> None:
        self._final = None
        self._attempts = 0
        self._retries.start_afresh()
        # Whoever wishes for a connection from now on makes it start afresh.
        opening, self._opening = self._opening, None
        holders = self.lease.detach()
        self._holders.pop(self.lease, None)
        for member in self.router.registry:
            member.gave_up(verdict.error)
        self.deadlines.drop_idle_timers()
        if opening is not None:
            opening.fail(verdict.error)
        self._emit(verdict)
        holders.on_error(verdict.error)

    def _fail_opening(self, error: Exception) -> None:
        if self._opening is not None:
            self._opening.fail(error)

    # Our own goodbye.

    def when_quiet(self, call: Callable[[], None]) -> None:
        """Call a function once no task is left that we cancelled, or after 2 s."""
        if self._scheduler is None:
            call()
        else:
            self._scheduler.when_quiet(call, CLOSE_TIMEOUT)

    def _close(self, code: int, reason: str) -> SingleResult[None]:
        self._final = None
        self._retries.stop()
        self._retries.start_afresh()
        self._attempts = 0
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            # Closed, or about to be: what was begun is awaited.
            return self._closed
        before, done = self._closed, SingleResult[None](self.report)
        self._closed = done
        pings = self._detach()
        goodbye = Closed(code, reason, clean=True, ours=True)
        if attempt.connection is None:
            self._transition(SocketEvent.CLOSED)
        else:
            self._unreported = goodbye
            self._transition(SocketEvent.CLOSE_BEGUN)
        error = ConnectionLost(code, reason)
        self._notify_lost("connection_closed", error, pings)

        def closed(is_clean: bool) -> None:  # noqa: FBT001 - a OnClosed
            if self._unreported is goodbye:
                self._unreported = replace(goodbye, clean=is_clean)
                self._report_closed()
            # An older one may still be at it, if its peer is slow.
            before.subscribe(done.succeed)

        attempt.close(code, reason, closed)
        return done

    def _report_closed(self) -> None:
        closed, self._unreported = self._unreported, None
        if closed is not None:
            self._transition(SocketEvent.CLOSED)
            self._emit(closed)

    def _emit(self, event: Lifecycle | ProtocolError) -> None:
        if self.observer is not None:
            self.observer(event)
        self.lifecycle.on_next(event)

    def _transition(self, event: SocketEvent) -> None:
        arrival = SOCKET_TRANSITIONS[self.state.value].get(event)
        if arrival is not None:
            self.state.on_next(arrival)
