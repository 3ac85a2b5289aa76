"""Everything that goes over a connection, and the state that goes with it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from rx_phoenix._connection.environment import Environment
from rx_phoenix._connection.heartbeat import HeartbeatMonitor
from rx_phoenix._connection.pace import JoinPace
from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.lifecycle import HeartbeatAnswered, Lifecycle
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Serializer
from rx_phoenix._streams.deadline import DeadlinePool, SerialDeadlines
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import ProtocolError
from rx_phoenix.policy import Heartbeat, SendBuffer
from rx_phoenix.stats import SocketStats

__all__ = ["Pings", "Traffic"]

Pings = Sequence[SingleResult[float]]
"""Pings that wait for the answer to their heartbeat."""


class Traffic(ABC):
    """The parts of a connection that channels use; the next one inherits them.

    Args:
        serializer: Puts messages into frames.
        heartbeat: The rhythm of heartbeats; None sends none by itself.
        send_buffer: The limit of pushes that wait.
        environment: Time, tasks, randomness and reports.

    Attributes:
        router: Everything that goes over the connection, to and from channels.
        joins: The joins that are not answered yet.
        deadlines: The deadlines of pushes that await an answer.
        cast_deadlines: The deadlines of casts, which only wait to be sent.
        pace: The turns of joins, where a policy limits their rate.
        heartbeat: The heartbeats of the open connection.
        environment: As given.
        spawn: Starts a task on the socket's loop.
        random: Returns a number from 0 up to 1, for jitter.
        report: Receives the exceptions of users' functions.
        context: The context of the functions that the socket was given.
    """

    def __init__(
        self,
        serializer: Serializer,
        heartbeat: Heartbeat | None,
        send_buffer: SendBuffer,
        environment: Environment,
    ) -> None:
        self.environment = environment
        self.spawn = environment.tasks.spawn
        self.random = environment.random
        self.report = environment.report
        self.context = environment.context
        self.router = Router(
            serializer,
            send_buffer,
            environment.report,
            heartbeat_answered=self._heartbeat_answered,
            malformed=self._emit,
            awaits_answer=self._awaits_answer,
            scheduler=environment.get_scheduler,
        )
        self.joins = SerialDeadlines()
        self.deadlines = DeadlinePool(environment.get_scheduler)
        self.cast_deadlines = DeadlinePool(environment.get_scheduler)
        self.pace = JoinPace(environment.get_scheduler)
        self.heartbeat = HeartbeatMonitor(
            heartbeat,
            self.router,
            self.joins,
            scheduler=environment.get_scheduler,
            answered=lambda round_trip: self._emit(HeartbeatAnswered(round_trip)),
            missed=self._heartbeat_missed,
            report=environment.report,
        )

    @property
    def scheduler(self) -> LoopScheduler:
        """Time and tasks; bound to the running loop at the first need, for life.

        Raises:
            UsageError: None was given, and no loop runs.
        """
        return self.environment.scheduler

    def snapshot(self) -> SocketStats:
        """Return the figures of this moment."""
        return self.router.counters.snapshot(
            round_trip=self.heartbeat.round_trip,
            buffered=self.router.buffered,
            channels=len(self.router.registry.routes),
        )

    def _awaits_answer(self) -> bool:
        """True while a push, a join or a leave awaits its answer."""
        channels = self.router.registry
        return bool(self.deadlines) or any(each.awaits_answer for each in channels)

    def _cut(self) -> Pings:
        """Stop all traffic; returns the pings in flight."""
        self.joins.clear()
        self.router.cut()
        return self.heartbeat.stop()

    def _notify_lost(self, reason: str, error: Exception, pings: Pings) -> None:
        """Notify pings and channels that the connection is gone, or did not come."""
        for ping in pings:
            ping.fail(error)
        for channel in self.router.registry:
            channel.lost(reason, error)
        self._drop_idle_timers()

    def _drop_idle_timers(self) -> None:
        for pool in self.deadlines, self.cast_deadlines:
            pool.drop_idle_timers()

    def _heartbeat_answered(self, message: Message) -> bool:
        return self.heartbeat.receive(message)

    @abstractmethod
    def _heartbeat_missed(self) -> None:
        """React to a peer that is dead."""

    @abstractmethod
    def _emit(self, event: Lifecycle | ProtocolError) -> None:
        """Emit an event of the connection."""
