"""One attempt to connect, and the life of the connection that it opened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reactivex import abc
from reactivex.disposable import SingleAssignmentDisposable

from rx_phoenix._protocol.concealment import failure_of, loss_of, secrets_of
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.callbacks import Spawn
from rx_phoenix._streams.provider import Provider, ask
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import Connection, Transport
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError

__all__ = ["CLOSE_TIMEOUT", "Attempt", "Destination"]

CONNECT_TIMEOUT = 15.0
"""Seconds for one attempt: asking the providers, dialling, shaking hands."""

CLOSE_TIMEOUT = 2.0
"""Seconds that a peer may take to answer our close."""

OnClosed = Callable[[bool], None]
"""Told at the end of a goodbye whether the peer said it too."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where attempts go, and who is asked for the credentials of each.

    Attributes:
        url: The endpoint.
        vsn: The serializer's version.
        params: Asked for the connect params.
        auth_token: Asked for the auth token.
        headers: Asked for extra headers.
    """

    url: str
    vsn: str
    params: Provider[Mapping[str, Any] | None]
    auth_token: Provider[str | None]
    headers: Provider[Mapping[str, str] | None]

    @property
    def providers(self) -> Sequence[Provider[Any]]:
        """Whom to ask, in the order that `endpoint` takes the answers in."""
        return self.params, self.auth_token, self.headers

    def endpoint(self, credentials: Sequence[Any]) -> Endpoint:
        """The endpoint with the answers of the providers."""
        params, auth_token, headers = credentials
        return Endpoint(
            url=self.url,
            vsn=self.vsn,
            params=params or {},
            auth_token=auth_token,
            headers=headers or {},
        )

    @property
    def public_url(self) -> str:
        """The endpoint, fit for logs and errors."""
        return Endpoint(url=self.url).public_url


class Attempt:
    """Asks, dials, opens, carries frames, and says goodbye; once.

    Whatever comes of it is told once, by one of the three functions; an attempt that
    was abandoned tells nothing.

    Args:
        destination: Where to.
        transport: By what.
        scheduler: Time.
        spawn: How to await a provider.
        opened: Called when the connection is open.
        failed: Called when it could not be opened.
        lost: Called when the open connection ended without our wish.

    Attributes:
        credentials: What the providers answered.
        frames_sent: How many frames the connection was given.
        is_join_answered: Whether a join was answered.
    """

    def __init__(  # noqa: PLR0913 - whatever comes of it is told by name
        self,
        destination: Destination,
        transport: Transport,
        scheduler: LoopScheduler,
        spawn: Spawn,
        *,
        opened: "Callable[[Attempt, Connection], None]",
        failed: "Callable[[Attempt, Exception], None]",
        lost: "Callable[[Attempt, ConnectionLost], None]",
    ) -> None:
        self.credentials: Sequence[Any] = ()
        self.frames_sent = 0
        self.is_join_answered = False
        self.connection: Connection | None = None
        self._destination = destination
        self._transport = transport
        self._scheduler = scheduler
        self._spawn = spawn
        self._opened = opened
        self._failed = failed
        self._lost = lost
        self._life = SingleAssignmentDisposable()
        self._owned: list[abc.DisposableBase] = []
        self._goodbye: OnClosed | None = None
        self._is_over = False

    @property
    def buffered(self) -> int:
        """How many frames are not written yet."""
        return self.connection.buffered if self.connection is not None else 0

    @property
    def secrets(self) -> frozenset[str]:
        """What it said to the server that nobody else shall read."""
        return secrets_of(self._destination.url, self.credentials)

    def start(self, credentials: Sequence[Any] | None = None) -> None:
        """Begin, with these credentials or those that the providers have now."""
        self.after(CONNECT_TIMEOUT, self._expire)
        if credentials is not None:
            self._dial(credentials)
        else:
            providers = self._destination.providers
            asking = ask(providers, self._spawn, self._dial, self._fail)
            self.own(asking)

    def own(self, subscription: abc.DisposableBase) -> None:
        """Dispose of something when it is over, or about to be."""
        self._owned.append(subscription)

    def after(self, delay: float, call: Callable[[], None]) -> None:
        """Call something in some seconds, unless it is over by then."""
        self.own(self._scheduler.call_later(delay, call))

    def send(self, frame: Frame) -> None:
        """Send a frame over the open connection."""
        assert self.connection is not None, "not open"  # noqa: S101
        self.frames_sent += 1
        self.connection.send(frame)

    def close(self, code: int, reason: str, closed: OnClosed) -> None:
        """Drain, say goodbye, and wait a little for the answer.

        Args:
            code: The close code.
            reason: The close reason.
            closed: Called at the end, within 2 s; says whether the peer answered.
        """
        if self.connection is None:
            self.abandon()
            closed(True)  # noqa: FBT003 - a OnClosed
            return
        self._let_go()
        self._goodbye = closed
        self.after(CLOSE_TIMEOUT, lambda: self._finish(is_clean=False))
        self.connection.close(code, reason)

    def abandon(self, code: int | None = None, reason: str = "") -> None:
        """Let go at once: nothing of it is heard any more.

        Args:
            code: A close code to say without waiting for an answer, if any.
            reason: The reason that goes with it.
        """
        self._is_over = True
        self._let_go()
        if code is not None and self.connection is not None:
            self.connection.close(code, reason)
        self._life.dispose()

    def _dial(self, credentials: Sequence[Any]) -> None:
        if self._is_over:
            return
        self.credentials = credentials
        try:
            endpoint = self._destination.endpoint(credentials)
        except Exception as error:  # noqa: BLE001 - what providers gave: likewise
            self._fail(error)
            return
        try:
            life = self._transport.connect(endpoint)
        except UsageError as error:
            self.abandon()
            self._failed(self, error)
            return
        except Exception as error:  # noqa: BLE001 - a transport's: a failed attempt
            self._fail(error)
            return
        self._life.disposable = life.subscribe(
            self._open,
            self._end,
            lambda: self._end(ConnectionLost(1000)),
            scheduler=self._scheduler,
        )

    def _open(self, connection: Connection) -> None:
        if not self._is_over:
            self._let_go()
            self.connection = connection
            self._opened(self, connection)

    def _end(self, error: Exception) -> None:
        if self._is_over:
            return
        if self._goodbye is not None:
            self._finish(is_clean=loss_of(error, frozenset()).clean)
        elif self.connection is None:
            self._fail(error)
        else:
            self.abandon()
            self._lost(self, loss_of(error, self.secrets))

    def _finish(self, *, is_clean: bool) -> None:
        goodbye, self._goodbye = self._goodbye, None
        self.abandon()
        if goodbye is not None:
            goodbye(is_clean)

    def _fail(self, error: Exception) -> None:
        if not self._is_over:
            self.abandon()
            url = self._destination.public_url
            self._failed(self, failure_of(error, url, self.secrets))

    def _expire(self) -> None:
        url = self._destination.public_url
        text = f"no connection to {url} within {CONNECT_TIMEOUT:g} s"
        self._fail(ConnectError(text, url=url))

    def _let_go(self) -> None:
        owned, self._owned = self._owned, []
        for disposable in owned:
            disposable.dispose()
