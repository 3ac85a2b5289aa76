"""A transport without a network: the test is the server."""

from collections.abc import Callable, Sequence

from reactivex import Observable, abc, create
from reactivex.disposable import Disposable
from reactivex.subject import Subject

from rx_phoenix._protocol.checks import check_function, check_instance
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Frame, Serializer, SerializerV2
from rx_phoenix._streams.hub import noop
from rx_phoenix._transport.contract import Connection
from rx_phoenix.errors import ConnectionLost, UsageError
from rx_phoenix.testing._marbles.actions import Connects, Disconnects
from rx_phoenix.testing._transports.frames import (
    check_serializer,
    frame_to_client,
    message_from_client,
)

__all__ = [
    "FakeAttempt",
    "FakeConnection",
    "FakeTransport",
    "Watcher",
    "fakes_in",
]

Watcher = Callable[["FakeAttempt", Connects | Disconnects | Frame], object]
"""Called with every action of the client: the attempt and the action or frame."""


class FakeConnection:
    """A connection whose peer is the test.

    Attributes:
        sent: The frames that the client sent.
        buffered: The number of frames reported as unwritten; set by the test.
        closed_by_us: The code and reason of the client's close; None until it closes.
        is_open: True while frames can travel.
        is_paused: True while the client does not read; what is received waits.
    """

    def __init__(self, attempt: "FakeAttempt") -> None:
        self.sent: list[Frame] = []
        self.buffered = 0
        self.closed_by_us: tuple[int, str] | None = None
        self.is_open: bool = True
        self.is_paused: bool = False
        self._unread: list[Sequence[Frame]] = []
        self._attempt = attempt
        # A plain Subject, so that an exception of a subscriber raises in the test.
        self._batches = Subject[Sequence[Frame]]()

    @property
    def batches(self) -> Observable[Sequence[Frame]]:
        """The frames that `receive` was given, call by call."""
        return self._batches

    @property
    def messages(self) -> list[Message]:
        """The messages that the client sent, decoded."""
        serializer = self._attempt.serializer
        return [message_from_client(frame, serializer) for frame in self.sent]

    def send(self, frame: Frame) -> None:
        """Record a frame of the client; discard it after the close."""
        if self.is_open and self.closed_by_us is None:
            self.sent.append(frame)
            self._attempt.watch(self._attempt, frame)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Record the client's close, and end if the peer answers it."""
        if self.is_open and self.closed_by_us is None:
            self.closed_by_us = code, reason
            self._attempt.watch(self._attempt, Disconnects())
            if self._attempt.answers_close:
                self.finish_close()

    def receive(self, *messages: Message | Frame) -> None:
        """Deliver messages or raw frames, all of them in one batch.

        Raises:
            UsageError: The connection has ended, or the frame has a wrong type.
        """
        self._require_open("receive a frame")
        self.deliver(*messages)

    def deliver(self, *messages: Message | Frame) -> None:
        """Deliver messages as `receive` does, even if the connection has ended."""
        self._unread.append([*map(self._frame, messages)])
        self._read()

    def pause(self) -> None:
        """Keep what is received, until `resume`."""
        self.is_paused = True

    def resume(self) -> None:
        """Deliver what was received meanwhile."""
        self.is_paused = False
        self._read()

    def _read(self) -> None:
        while self._unread and not self.is_paused:
            self._batches.on_next(self._unread.pop(0))

    def finish_close(self) -> None:
        """Answer the client's close; needed only if `answers_close` is False."""
        self._require_open("finish its close")
        self.is_open = False
        self._attempt.observer.on_completed()

    def close_from_server(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection from the server's side."""
        self._require_open("be closed by the server")
        self.end(code, reason)

    def end(self, code: int = 1000, reason: str = "") -> None:
        """Close as `close_from_server` does, even if the connection has ended."""
        self.is_open = False
        self._attempt.observer.on_error(ConnectionLost(code, reason))

    def lose(self, reason: str = "") -> None:
        """Lose the connection without a close frame."""
        self.close_from_server(1006, reason)

    def _frame(self, message: Message | Frame) -> Frame:
        if isinstance(message, Message):
            return frame_to_client(message, self._attempt.serializer)
        if isinstance(message, str | bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            return message
        raise UsageError(f"a frame must be a Message, text or bytes, got {message!r}")

    def _require_open(self, action: str) -> None:
        if not self.is_open:
            raise UsageError(f"this connection has ended: it cannot {action}")


class FakeAttempt:
    """One attempt to connect; the test decides its outcome.

    Attributes:
        endpoint: The endpoint of the attempt.
        connection: The connection, once it is open.
        is_disposed: True once the client abandoned the attempt or its connection.
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
        self.is_disposed: bool = False
        self._is_settled = False

    @property
    def is_pending(self) -> bool:
        """True until it opens, fails or is abandoned."""
        return not (self._is_settled or self.is_disposed)

    @property
    def is_open(self) -> bool:
        """True while its connection is open."""
        return self.connection is not None and self.connection.is_open

    def open(self) -> FakeConnection:
        """Complete the handshake and open the connection."""
        self._settle("open")
        connection = self.connection = FakeConnection(self)
        self.observer.on_next(connection)
        return connection

    def fail(self, error: Exception) -> None:
        """Fail the attempt with a `ConnectError` or any other error."""
        self._settle("fail")
        self.observer.on_error(error)

    def _settle(self, action: str) -> None:
        if not self.is_pending:
            state = "was abandoned" if self.is_disposed else "is over"
            raise UsageError(f"this attempt {state}: it cannot {action}")
        self._is_settled = True

    def dispose(self) -> None:
        """Record that the client abandoned it; no effect after its end."""
        connection = self.connection
        if connection is None:
            is_over, has_closed = self._is_settled, False
        else:
            is_over = not connection.is_open
            has_closed = connection.closed_by_us is not None
            connection.is_open = False
        if not is_over:
            self.is_disposed = True
            if not has_closed:
                self.watch(self, Disconnects())


class FakeTransport:
    """A transport without a network: the test settles every attempt.

    Args:
        answers_close: True if the peer answers a close; otherwise the connection
            stays open until `FakeConnection.finish_close`.
        serializer: The serializer of the frames; V2 by default.
        watch: Called with every action of the client.

    Attributes:
        attempts: All attempts, the latest last.
        answers_close: As given; can be changed for later attempts.
        serializer: As given; can be changed for later attempts.
        watch: As given; can be changed for later attempts.

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
        check_instance("answers_close", answers_close, bool, "True or False")
        check_serializer(serializer)
        check_function("watch", watch, "a function of an action")
        self.attempts: list[FakeAttempt] = []
        self.answers_close = answers_close
        self.serializer: Serializer = serializer or SerializerV2()
        self.watch: Watcher = watch

    @property
    def attempt(self) -> FakeAttempt:
        """The latest attempt."""
        if not self.attempts:
            raise UsageError("the client has not tried to connect yet")
        return self.attempts[-1]

    @property
    def connection(self) -> FakeConnection:
        """The connection of the latest attempt."""
        if self.attempt.connection is None:
            raise UsageError("the latest attempt has not opened: call attempt.open()")
        return self.attempt.connection

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Make one attempt for each subscription."""

        def subscribe(
            observer: abc.ObserverBase[Connection],
            _: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            attempt = FakeAttempt(
                endpoint,
                observer,
                self.serializer,
                self.watch,
                answers_close=self.answers_close,
            )
            self.attempts.append(attempt)
            self.watch(attempt, Connects())
            return Disposable(attempt.dispose)

        return create(subscribe)


def fakes_in(transport: object, depth: int = 3) -> list[FakeTransport]:
    """Return the fake transports that a transport is, or is made of.

    Args:
        transport: The transport.
        depth: The most attributes between it and a fake one.

    >>> from rx_phoenix import FallbackTransport
    >>> len(fakes_in(FallbackTransport(FakeTransport(), FakeTransport())))
    2
    """
    if isinstance(transport, FakeTransport):
        return [transport]
    names = [*getattr(transport, "__slots__", ()), *getattr(transport, "_fields", ())]
    parts = [getattr(transport, name, None) for name in names]
    parts += getattr(transport, "__dict__", {}).values()
    fakes = [fake for part in parts if depth for fake in fakes_in(part, depth - 1)]
    return list(dict.fromkeys(fakes))
