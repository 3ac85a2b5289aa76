"""One attempt to connect, and the life of the connection that it opened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from reactivex import abc
from reactivex.disposable import SingleAssignmentDisposable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.redaction import (
    failure_of,
    forms_of,
    loss_of,
    secret_texts_of,
)
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.callbacks import Spawn
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.provider import Provider, ask, is_asked
from rx_phoenix._streams.reporter import PRESENT, CallContext
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import CLOSE_TIMEOUT, Connection, Transport
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError

__all__ = ["Attempt", "Destination"]

OnClosed = Callable[[bool], None]
"""Called at the end of our own close; True if the peer answered it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The endpoint of attempts, and the providers of the credentials of each.

    Attributes:
        url: The endpoint.
        vsn: The serializer's version.
        params: Provides the connect params.
        auth_token: Provides the auth token.
        headers: Provides extra headers.
    """

    url: str
    vsn: str
    params: Provider[Mapping[str, Any] | None]
    auth_token: Provider[str | None]
    headers: Provider[Mapping[str, str] | None]

    @property
    def providers(self) -> Sequence[Provider[Any]]:
        """The providers, in the order in which `endpoint` takes their answers."""
        return self.params, self.auth_token, self.headers

    def endpoint(
        self, credentials: Sequence[Any], timeout: float | None = None
    ) -> Endpoint:
        """Return the endpoint with the answers of the providers.

        Args:
            credentials: The answers.
            timeout: Seconds that are left for the attempt.

        Raises:
            UsageError: One of them is not of its type, or cannot be sent.
        """
        params, auth_token, headers = credentials
        return Endpoint(
            url=self.url,
            vsn=self.vsn,
            params={} if params is None else params,
            # As phoenix.js does: an empty token is ignored.
            auth_token=None if auth_token == "" else auth_token,
            headers={} if headers is None else headers,
            timeout=timeout,
        )

    def ask(
        self,
        spawn: Spawn,
        use: Callable[[Endpoint], None],
        fail: Callable[[Exception], None],
    ) -> abc.DisposableBase:
        """Ask the providers, and call the first function with the endpoint."""

        def answered(credentials: Sequence[Any]) -> None:
            try:
                endpoint = self.endpoint(credentials)
            except UsageError as error:
                fail(error)
            else:
                use(endpoint)

        return ask(self.providers, spawn, answered, fail)

    def validate(self) -> None:
        """Check the URL, and the credentials that are known before an attempt.

        Raises:
            UsageError: As `endpoint`.
        """
        self.endpoint([None if is_asked(p) else p for p in self.providers])

    @property
    def public_url(self) -> str:
        """The endpoint, fit for logs and errors."""
        return Endpoint(url=self.url).public_url


class Phase(Enum):
    """The phases of an attempt, in their order."""

    CONNECTING = auto()
    OPEN = auto()
    CLOSING = auto()
    OVER = auto()


class Attempt:
    """Asks the providers, connects, carries frames, and closes; once.

    Its result is reported once, by one of the three functions; an attempt that was
    abandoned reports nothing.

    Args:
        destination: The endpoint, and the providers.
        transport: Opens the connection.
        scheduler: Time.
        spawn: How to await a provider.
        timeout: Seconds for the providers, the connection and the handshake.
        opened: Called when the connection is open.
        failed: Called when it could not be opened.
        lost: Called when the open connection ended, unless we closed it.
        context: The context in which providers run.
        sent_otherwise: Returns the secrets of joins and of earlier attempts that a
            text may repeat.

    Attributes:
        credentials: The answers of the providers.
        connection: The connection, once it is open.
        frames_sent: The number of frames that the connection was given.
        is_join_answered: True once a join was answered.
    """

    def __init__(  # noqa: PLR0913 - each result has a name
        self,
        destination: Destination,
        transport: Transport,
        scheduler: LoopScheduler,
        spawn: Spawn,
        *,
        timeout: float,
        opened: "Callable[[Attempt, Connection], None]",
        failed: "Callable[[Attempt, Exception], None]",
        lost: "Callable[[Attempt, ConnectionLost], None]",
        context: CallContext = PRESENT,
        sent_otherwise: Callable[[str], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        self.credentials: Sequence[Any] = ()
        self.connection: Connection | None = None
        self.frames_sent = 0
        self.is_join_answered = False
        self._destination = destination
        self._transport = transport
        self._scheduler = scheduler
        self._spawn = spawn
        self._context = context
        self._timeout = self._deadline = timeout
        self._opened = opened
        self._failed = failed
        self._lost = lost
        self._sent_otherwise = sent_otherwise
        self._phase = Phase.CONNECTING
        # Whether the peer's close came, if it has ended.
        self._is_clean = True
        self._closed: OnClosed | None = None
        self._life = SingleAssignmentDisposable()
        self._owned: list[abc.DisposableBase] = []

    @property
    def buffered(self) -> int:
        """The number of frames that are not written yet."""
        return self.connection.buffered if self.connection is not None else 0

    @property
    def bytes_received(self) -> int | None:
        """The number of bytes received; None if the connection does not count them."""
        return getattr(self.connection, "bytes_received", None)

    @property
    def bytes_sent(self) -> int:
        """The number of bytes that the network has taken; 0 if they are not counted."""
        return getattr(self.connection, "bytes_sent", 0)

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that it sent to the server."""
        return forms_of(self.sent_texts)

    @property
    def sent_texts(self) -> frozenset[str]:
        """The same, in one form each."""
        return secret_texts_of(self._destination.url, self.credentials)

    def start(self, credentials: Sequence[Any] | None = None) -> None:
        """Begin, with these credentials or the present ones of the providers."""
        self._deadline = self._scheduler.monotonic() + self._timeout
        self.after(self._timeout, self._expire)
        if credentials is not None:
            self._connect(credentials)
        else:
            providers = self._destination.providers
            asking = ask(
                providers, self._spawn, self._connect, self.fail, self._context
            )
            self.own(asking)

    def own(self, subscription: abc.DisposableBase) -> None:
        """Dispose of a subscription when it is over, or closing."""
        self._owned.append(subscription)

    def after(self, delay: float, call: Callable[[], None]) -> None:
        """Call a function in some seconds, unless it is over by then."""
        self.own(self._scheduler.call_later(delay, call))

    def send(self, frame: Frame) -> int:
        """Send a frame over the open connection.

        Returns:
            The number of frames that are not written yet.
        """
        connection = self.connection
        assert connection is not None, "not open"  # noqa: S101
        self.frames_sent += 1
        connection.send(frame)
        return connection.buffered

    @property
    def can_pause(self) -> bool:
        """True if the connection can stop reading."""
        return hasattr(self.connection, "pause") and hasattr(self.connection, "resume")

    def pause(self) -> None:
        """Have the connection stop reading, if it can."""
        getattr(self.connection, "pause", noop)()

    def resume(self) -> None:
        """Have the connection go on reading."""
        getattr(self.connection, "resume", noop)()

    def close(self, code: int, reason: str, closed: OnClosed) -> None:
        """Drain, send a close, and wait a little for the answer.

        Args:
            code: The close code.
            reason: The close reason.
            closed: Called at the end, within 2 s.
        """
        if self.connection is None or self._phase is Phase.OVER:
            # The second is so where a loss waits to be reported behind frames.
            self.abandon()
            closed(self._is_clean)
            return
        self._dispose_owned()
        self._phase = Phase.CLOSING
        self._closed = closed
        self.after(CLOSE_TIMEOUT, lambda: self._finish(is_clean=False))
        # The answer is behind what a full consumer did not let in.
        self.resume()
        self.connection.close(code, reason)

    def abandon(self, code: int | None = None, reason: str = "") -> None:
        """End at once, and report nothing.

        Args:
            code: A close code to send without waiting for an answer, if any.
            reason: The reason that goes with it.
        """
        self._phase = Phase.OVER
        self._dispose_owned()
        if code is not None and self.connection is not None:
            self.connection.close(code, reason)
        self._life.dispose()

    def fail(self, error: Exception) -> None:
        """End at once, and report this as the failure, unless it is over by then."""
        if self._phase is not Phase.OVER:
            self.abandon()
            url = self._destination.public_url
            self._failed(self, failure_of(error, url, self._secrets_in(error)))

    def stop_delivery(self) -> None:
        """Deliver nothing more of what arrives, and wait only for its end."""
        self._dispose_owned()

    def _connect(self, credentials: Sequence[Any]) -> None:
        if self._phase is Phase.OVER:
            return
        self.credentials = credentials
        try:
            left = self._deadline - self._scheduler.monotonic()
            endpoint = self._destination.endpoint(credentials, left)
            life = self._transport.connect(endpoint)
        except UsageError as error:
            self._refuse(error)
            return
        except ISOLATED as error:
            self.fail(contained(error))
            return
        self._life.disposable = life.subscribe(
            self._open,
            self._end,
            lambda: self._end(ConnectionLost(1000)),
            scheduler=self._scheduler,
        )

    def _open(self, connection: Connection) -> None:
        if self._phase is Phase.CONNECTING:
            self._dispose_owned()
            self._phase = Phase.OPEN
            self.connection = connection
            self._opened(self, connection)

    def _end(self, error: Exception) -> None:
        match self._phase:
            case Phase.CONNECTING if isinstance(error, UsageError):
                self._refuse(error)
            case Phase.CONNECTING:
                self.fail(error)
            case Phase.OPEN:
                self.abandon()
                lost = loss_of(error, self._secrets_in(error))
                self._is_clean = lost.clean
                self._lost(self, lost)
            case Phase.CLOSING:
                self._finish(is_clean=loss_of(error, frozenset()).clean)
            case Phase.OVER:
                pass

    def _finish(self, *, is_clean: bool) -> None:
        closed, self._closed = self._closed, None
        self.abandon()
        if closed is not None:
            closed(is_clean)

    def _secrets_in(self, error: Exception) -> frozenset[str]:
        return self.secrets | self._sent_otherwise(str(error))

    def _refuse(self, error: UsageError) -> None:
        """Report the caller's mistake as it is: no retry can heal it."""
        if self._phase is not Phase.OVER:
            self.abandon()
            self._failed(self, error)

    def _expire(self) -> None:
        url = self._destination.public_url
        text = f"no connection to {url} within {self._timeout:g} s"
        error = ConnectError(text, url=url)
        error.__cause__ = TimeoutError()
        self.fail(error)

    def _dispose_owned(self) -> None:
        owned, self._owned = self._owned, []
        for disposable in owned:
            disposable.dispose()
