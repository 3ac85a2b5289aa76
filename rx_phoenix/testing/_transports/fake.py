"""A transport without a network: the test is the server."""

from collections.abc import Callable

from reactivex import Observable, abc, create
from reactivex.disposable import Disposable
from reactivex.subject import Subject

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Frame, Serializer, SerializerV2
from rx_phoenix._streams.hub import noop
from rx_phoenix._transport.contract import Connection
from rx_phoenix.errors import ConnectionLost, UsageError
from rx_phoenix.testing._marbles.actions import Connects, Disconnects
from rx_phoenix.testing._transports.frames import frame_to_client, message_from_client

__all__ = ["FakeAttempt", "FakeConnection", "FakeTransport", "Watcher"]

Watcher = Callable[["FakeAttempt", Connects | Disconnects | Frame], object]
"""Told of everything the client does: the attempt, and what it did with it."""


class FakeConnection:
    """A connection whose other end is the test.

    Attributes:
        sent: The frames that the client sent.
        buffered: How many of them pretend not to be written yet; the test sets it.
        closed_by_us: The code and reason of the client's own close, if it closed.
        is_open: Whether it still carries frames.
    """

    def __init__(self, attempt: "FakeAttempt") -> None:
        self.sent: list[Frame] = []
        self.buffered = 0
        self.closed_by_us: tuple[int, str] | None = None
        self.is_open = True
        self._attempt = attempt
        # Not one of our own sources: what a reader raises is to raise in the test.
        self._frames = Subject[Frame]()

    @property
    def frames(self) -> Observable[Frame]:
        """The frames that the test says arrived."""
        return self._frames

    @property
    def messages(self) -> list[Message]:
        """What the client sent, decoded."""
        serializer = self._attempt.serializer
        return [message_from_client(frame, serializer) for frame in self.sent]

    def send(self, frame: Frame) -> None:
        """Keep a frame of the client's; after its close it goes nowhere."""
        if self.is_open and self.closed_by_us is None:
            self.sent.append(frame)
            self._attempt.watch(self._attempt, frame)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Note the client's close, and end unless the peer is a silent one."""
        if self.is_open and self.closed_by_us is None:
            self.closed_by_us = code, reason
            self._attempt.watch(self._attempt, Disconnects())
            if self._attempt.answers_close:
                self.finish_close()

    def receive(self, message: Message | Frame) -> None:
        """Let a message or a raw frame arrive.

        Raises:
            UsageError: The connection has ended.
        """
        self._require_open("receive a frame")
        if isinstance(message, Message):
            message = frame_to_client(message, self._attempt.serializer)
        self._frames.on_next(message)

    def finish_close(self) -> None:
        """Answer the client's close, as a peer that is not silent does by itself."""
        self._require_open("finish its close")
        self.is_open = False
        self._attempt.observer.on_completed()

    def close_from_server(self, code: int = 1000, reason: str = "") -> None:
        """Let the peer say goodbye."""
        self._require_open("be closed by the server")
        self.is_open = False
        self._attempt.observer.on_error(ConnectionLost(code, reason))

    def lose(self, reason: str = "") -> None:
        """Let the network end it, without a close frame."""
        self.close_from_server(1006, reason)

    def _require_open(self, what: str) -> None:
        if not self.is_open:
            raise UsageError(f"this connection has ended: it cannot {what}")


class FakeAttempt:
    """One attempt to connect; the test decides what becomes of it.

    Attributes:
        endpoint: Where the client wants to connect to.
        connection: The connection, once it is open.
        is_disposed: Whether the client abandoned it, open or not.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        observer: abc.ObserverBase[Connection],
        serializer: Serializer,
        watch: Watcher,
        *,
        answers_close: bool,
    ) -> None:
        self.endpoint = endpoint
        self.observer = observer
        self.serializer = serializer
        self.watch = watch
        self.answers_close = answers_close
        self.connection: FakeConnection | None = None
        self.is_disposed = False
        self._is_settled = False

    @property
    def is_pending(self) -> bool:
        """Whether nothing has become of it yet."""
        return not (self._is_settled or self.is_disposed)

    @property
    def is_open(self) -> bool:
        """Whether it led to a connection that is still open."""
        return self.connection is not None and self.connection.is_open

    def open(self) -> FakeConnection:
        """Let the handshake succeed."""
        self._settle("open")
        connection = self.connection = FakeConnection(self)
        self.observer.on_next(connection)
        return connection

    def fail(self, error: Exception) -> None:
        """Let the attempt fail, with a `ConnectError` or any other error."""
        self._settle("fail")
        self.observer.on_error(error)

    def _settle(self, what: str) -> None:
        if not self.is_pending:
            state = "was abandoned" if self.is_disposed else "is over"
            raise UsageError(f"this attempt {state}: it cannot {what}")
        self._is_settled = True

    def dispose(self) -> None:
        """Note that the client abandoned it; after an end it is no matter."""
        connection = self.connection
        if connection is None:
            is_over, said_goodbye = self._is_settled, False
        else:
            is_over = not connection.is_open
            said_goodbye = connection.closed_by_us is not None
            connection.is_open = False
        if not is_over:
            self.is_disposed = True
            if not said_goodbye:
                self.watch(self, Disconnects())


class FakeTransport:
    """Connects to nothing, and keeps every attempt for the test to decide.

    Args:
        answers_close: Whether the peer answers a close; if not, the connection
            stays until `FakeConnection.finish_close`.
        serializer: How messages are put into frames for `FakeConnection`.
        watch: Told of everything the client does.

    Attributes:
        attempts: Every attempt so far.
        answers_close: As given; may be set for the attempts to come.
        serializer: As given; likewise.

    >>> transport = FakeTransport()
    >>> endpoint = Endpoint(url="ws://localhost/socket")
    >>> subscription = transport.connect(endpoint).subscribe()
    >>> connection = transport.attempt.open()
    >>> connection.send("hello")
    >>> connection.sent
    ['hello']
    """

    def __init__(
        self,
        *,
        answers_close: bool = True,
        serializer: Serializer | None = None,
        watch: Watcher = noop,
    ) -> None:
        self.attempts: list[FakeAttempt] = []
        self.answers_close = answers_close
        self.serializer = serializer or SerializerV2()
        self._watch = watch

    @property
    def attempt(self) -> FakeAttempt:
        """The latest attempt."""
        if not self.attempts:
            raise UsageError("nobody has tried to connect yet")
        return self.attempts[-1]

    @property
    def connection(self) -> FakeConnection:
        """The connection of the latest attempt."""
        if self.attempt.connection is None:
            raise UsageError("the latest attempt is not open yet")
        return self.attempt.connection

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """One attempt for each subscription."""

        def subscribe(
            observer: abc.ObserverBase[Connection],
            _: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            attempt = FakeAttempt(
                endpoint,
                observer,
                self.serializer,
                self._watch,
                answers_close=self.answers_close,
            )
            self.attempts.append(attempt)
            self._watch(attempt, Connects())
            return Disposable(attempt.dispose)

        return create(subscribe)
