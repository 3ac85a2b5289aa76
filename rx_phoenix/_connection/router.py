"""Messages of a connection: to frames and back, and to their receivers."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from rx_phoenix._connection.attempt import Attempt
from rx_phoenix._connection.backpressure import Backpressure
from rx_phoenix._connection.reader import FrameReader
from rx_phoenix._connection.registry import ChannelRegistry
from rx_phoenix._connection.send_buffer import PushQueue
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import CAST_REF, PHOENIX, REPLY
from rx_phoenix._protocol.serializer import Frame, Serializer, raw_decoder
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Hub, Reporter
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.typed import EventHub
from rx_phoenix.errors import ProtocolError, PushCancelled
from rx_phoenix.policy import SendBuffer
from rx_phoenix.stats import Counters

__all__ = ["Router"]

NO_SOURCES: Mapping[str, EventHub] = {}
"""The direct routes of a topic without a channel."""


class Router:
    """Encodes and sends, decodes and routes.

    A message goes to its channel, then to `frames`, then to `messages`. Its receiver is
    found by look-ups, whatever the number of topics.

    Args:
        serializer: Puts messages into frames.
        send_buffer: The limit of pushes that wait.
        report: Gets the exceptions of observers.
        heartbeat_answered: Called with each message of the topic ``phoenix``; returns
            whether it was an answer to a heartbeat.
        malformed: Called with the error of each frame that is not a message.
        awaits_answer: Returns True while a push, a join or a leave awaits its answer.
        scheduler: Returns the scheduler, when it is needed.

    Attributes:
        frames: All messages that arrive.
        messages: The same, for observers that come last.
        sent: All messages that leave.
        pushes: All pushes that channels were given.
        registry: The channels.
        send_buffer: The pushes that wait.
        counters: The figures.
        backpressure: Stops the reading while a consumer is full.
        reader: Brings the frames.
    """

    def __init__(  # noqa: PLR0913 - what it is connected to
        self,
        serializer: Serializer,
        send_buffer: SendBuffer,
        report: Reporter,
        *,
        heartbeat_answered: Callable[[Message], bool],
        malformed: Callable[[ProtocolError], None],
        awaits_answer: Callable[[], bool],
        scheduler: Callable[[], LoopScheduler],
    ) -> None:
        # `Hub[Message](…)` would have each keep its type in a dictionary of its own.
        self.frames: Hub[Message] = Hub(report, self._tap)
        self.messages: Hub[Message] = Hub(report, self._tap)
        self.sent: Hub[Message] = Hub(report)
        self.pushes: Hub[ChannelPush] = Hub(report)
        self.registry = ChannelRegistry()
        self.send_buffer = PushQueue(send_buffer)
        self.counters = Counters()
        self._report = report
        self._serializer = serializer
        # Looked up once: every message goes through them.
        self._encode = serializer.encode
        self._decode = serializer.decode
        self._decode_raw = raw_decoder(serializer)
        self._expects_typed = False
        self._member_of = self.registry.routes.get
        self._direct_of = self.registry.direct.get
        self._heartbeat_answered = heartbeat_answered
        self._malformed = malformed
        self._attempt: Attempt | None = None
        self._refs = 0
        self._taps = 0
        self.backpressure = Backpressure(
            self.pushes,
            self.sent,
            self.counters,
            awaits_answer,
            scheduler,
            lambda: self.reader.go_on(),  # noqa: PLW0108 - it follows
        )
        self.reader = FrameReader(
            self._route_batch, self._route_replies, self.backpressure, scheduler
        )

    @property
    def has_join_refs(self) -> bool:
        """True if the serializer's messages carry the ref of their join."""
        return self._serializer.has_join_refs

    def carry(self, attempt: Attempt) -> None:
        """Use a connection from now on."""
        self._attempt = attempt
        self.backpressure.carry(attempt)

    def cut(self) -> None:
        """Drop the connection, what it has not written, and what it has brought."""
        self._attempt = None
        self.send_buffer.clear_wire()
        self.backpressure.cut()
        self.reader.cut()

    def stop_delivery(self) -> None:
        """Deliver nothing more of what the connection brings."""
        if self._attempt is not None:
            self._attempt.stop_delivery()

    def next_ref(self) -> str:
        """Return a ref that no other message of this socket has."""
        self._refs += 1
        return str(self._refs)

    def encode(self, message: Message) -> Frame:
        """Encode a message, to check that it can be.

        Raises:
            EncodeError: It cannot.
        """
        return self._serializer.encode(message)

    def send(self, message: Message) -> int:
        """Send a message; the connection must be open.

        Returns:
            The number of frames that the network has not taken.

        Raises:
            EncodeError: It cannot be encoded; nothing was sent.
        """
        frame = self._encode(message)
        attempt = self._attempt
        assert attempt is not None, "not open"  # noqa: S101
        waiting = attempt.send(frame)
        counters = self.counters
        counters.frames_out += 1
        counters.bytes_out += len(frame)
        if self.sent.is_watched:
            self.sent.on_next(message)
        return waiting

    def count_unwritten(self) -> None:
        """Count the push that was sent last until the network has taken it."""
        attempt = self._attempt
        if attempt is not None:
            self.send_buffer.wrote(attempt.frames_sent)

    def admit(self, push: ChannelPush) -> bool:
        """Return whether one more push may wait; if not, it was cancelled."""
        self.send_buffer.written(self.taken)
        return self.send_buffer.admit(push)

    def report_dropped_cast(self, error: Exception) -> None:
        """Count a cast that was dropped; report the 1st, 2nd, 4th, 8th and so on."""
        counters = self.counters
        counters.casts_dropped += 1
        if counters.casts_dropped.bit_count() == 1:
            count = counters.casts_dropped
            dropped = PushCancelled(
                f"{count} cast{'s were' if count > 1 else ' was'} dropped so far, the "
                f"last because: {error}"
            )
            dropped.__cause__ = error
            self._report(dropped)

    @property
    def buffered(self) -> int:
        """The number of pushes that wait for a join or for the network."""
        self.send_buffer.written(self.taken)
        return len(self.send_buffer)

    @property
    def received(self) -> int:
        """A count that grows with what arrives: of bytes, or else of whole frames.

        The end of a pause counts as well, because what arrived in it is still unread.
        """
        count = self._attempt.bytes_received if self._attempt is not None else None
        if count is None:
            count = self.counters.frames_in
        return count + self.backpressure.pauses

    @property
    def waiting(self) -> int:
        """The number of frames that the network has not taken."""
        return 0 if self._attempt is None else self._attempt.buffered

    @property
    def taken(self) -> int:
        """The number of frames that the network has taken."""
        attempt = self._attempt
        return 0 if attempt is None else attempt.frames_sent - attempt.buffered

    @property
    def bytes_taken(self) -> int:
        """The number of bytes that the network has taken, where they are counted."""
        return 0 if self._attempt is None else self._attempt.bytes_sent

    @property
    def is_paused(self) -> bool:
        """True while a consumer that is full has the reading stop."""
        return self.backpressure.is_paused

    def receive(self, batch: Sequence[Frame]) -> None:
        """Take the frames of one read, and deliver their messages in order."""
        counters = self.counters
        counters.frames_in += len(batch)
        counters.bytes_in += sum(map(len, batch))
        self.reader.receive(batch)

    def _route_batch(self, frames: Iterator[Frame]) -> None:
        if self._expects_typed:
            self._route_raw(frames)
        else:
            self._route(frames)

    def _route_replies(self, frames: Iterator[Frame]) -> Frame | None:
        """Route replies; returns the first frame that is not one."""
        for frame in frames:
            try:
                message = self._decode(frame)
            except ProtocolError:
                return frame
            if message.event != REPLY:
                return frame
            self._dispatch(message)
        return None

    def _route(self, frames: Iterator[Frame]) -> None:
        # A local is called faster than an attribute.
        decode, direct_of = self._decode, self._direct_of
        source = None
        for frame in frames:
            try:
                message = decode(frame)
            except ProtocolError as error:
                self.counters.protocol_errors += 1
                self._malformed(error)
                continue
            try:
                source = direct_of(message.topic, NO_SOURCES).get(message.event)
                if source is None or message.join_ref or self._taps:
                    self._dispatch(message)
                else:
                    source.on_next(message.payload)
            except ISOLATED as error:
                # A mistake of ours, which costs no connection.
                self.counters.protocol_errors += 1
                self._report(contained(error))
        # A guess: the next batch is like the end of this one. To ask each frame what
        # its observers want would slow down those that want nothing.
        self._expects_typed = source is not None and source.typed is not None

    def _route_raw(self, frames: Iterator[Frame]) -> None:
        """Route frames, decoding payloads straight into the type of their observer."""
        decode, direct_of = self._decode_raw, self._direct_of
        if decode is None:
            self._route(frames)
            return
        for frame in frames:
            try:
                message = decode(frame)
            except ISOLATED as error:  # binary, or rejected by the serializer
                contained(error)
                self._route(iter((frame,)))
                continue
            source = direct_of(message.topic, NO_SOURCES).get(message.event)
            if (
                source is None
                or message.join_ref
                or self._taps
                or not source.on_raw(message.payload)
            ):
                self._route(iter((frame,)))
            else:
                self._expects_typed = True

    def _dispatch(self, message: Message) -> None:
        """Deliver a message that a direct route does not suffice for."""
        member = self._member_of(message.topic)
        if member is None:
            if not self._is_heartbeat(message) and message.reply is not None:
                self.counters.late_replies += message.ref != CAST_REF
        else:
            join_ref = message.join_ref
            # The one rule on staleness; one without a join_ref is a broadcast.
            if join_ref and join_ref != member.current_join.ref:
                member.receive_stale(message)
            else:
                source = member.direct.get(message.event)
                if source is None:
                    member.receive(message)
                else:
                    source.on_next(message.payload)
        if self._taps:
            self.frames.on_next(message)
            self.messages.on_next(message)

    def _tap(self, change: int) -> None:
        self._taps += change

    def _is_heartbeat(self, message: Message) -> bool:
        return message.topic == PHOENIX and self._heartbeat_answered(message)
