"""The better transport while it works, another one while it does not."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from msgspec.structs import replace
from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from rx_phoenix._log import log_unhandled
from rx_phoenix._protocol.checks import check_methods
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.lifecycle import FellBack, SteppedUp
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import HEARTBEAT, PHOENIX
from rx_phoenix._protocol.redaction import failure_of, loss_of, secrets_of
from rx_phoenix._protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import (
    Asking,
    Connection,
    Owner,
    Transport,
    batches_of,
    transport_for,
)
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError
from rx_phoenix.policy import Duration, Reconnect, seconds

__all__ = ["FallbackTransport"]

PROBE = Message(None, "fallback", PHOENIX, HEARTBEAT, {})
"""A heartbeat by which a connection shows that it delivers."""

GOING_AWAY = 1001
"""The close code that means: come back."""

CLOSE_TIMEOUT = 1.0
"""Seconds that the other one has to write what is left for it, before it is dropped."""

MakeTrial = Callable[[Callable[[], None]], Observable[Connection]]
"""Makes a connection that has to prove useful; calls a function when it did."""

Event = FellBack | SteppedUp


class Phase(Enum):
    """The phases of a connection, in their order."""

    CONNECTING = auto()
    OPEN = auto()
    # Of the first transport: it has delivered a message.
    USEFUL = auto()
    # Of the other one: the first has become useful, and the socket moves to it.
    MOVING = auto()


class Pair(NamedTuple):
    """Two transports, and the seconds that the first one is given.

    Attributes:
        first: The better one.
        then: The other one.
        after: Seconds in which the first has to open, and then to deliver.
        retry_after: Seconds until the first is tried again.
    """

    first: Transport
    then: Transport
    after: float
    retry_after: float


class FallbackTransport:
    """Uses the first transport, and the other one while the first is of no use.

    A connection is useful once it delivered a message. Having opened proves nothing,
    for there are middleboxes that let an upgrade pass and kill it then; a heartbeat
    of its own sees to it that there is a message to deliver.

    While the other one is used, the first is tried again now and then, beside it and
    with fresh credentials of the providers. Once it proves useful, the socket moves
    back: the pushes in flight are answered first, for at most 2 s, then its channels
    are left, and rejoin as they do after any lost connection. If neither can be opened,
    the next attempt begins with the first again; a refusal by the other one is final
    only if the failure of the first is final too.

    Sockets that share it have nothing else in common: each has a memory of its own.

    Args:
        first: The better one.
        then: The other one.
        after: Seconds in which the first has to open, and then to deliver.
        retry_after: Seconds until the first is tried again.

    Raises:
        UsageError: An argument is not what it takes.

    >>> from rx_phoenix import LongPollTransport, WebSocketTransport
    >>> transport = FallbackTransport(WebSocketTransport(), LongPollTransport())
    """

    def __init__(
        self,
        first: Transport,
        then: Transport,
        *,
        after: Duration = 2.5,
        retry_after: Duration = 60.0,
    ) -> None:
        takes = "a transport, not its class"
        check_methods("first", first, "connect", takes)
        check_methods("then", then, "connect", takes)
        after = seconds(after, "after")
        self._pair = Pair(first, then, after, seconds(retry_after, "retry_after"))
        self._fallback = Fallback(self._pair, None)

    @property
    def lifecycle(self) -> Observable[Event]:
        """Each change of transport, if it is used without a socket.

        A socket emits its own changes on its own lifecycle.
        """
        return self._fallback.lifecycle

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt, by one transport or by both; see `Transport.connect`.

        Raises:
            UsageError: The other one cannot be used in this way.
        """
        return self._fallback.connect(endpoint)

    def _for_socket(self, owner: Owner) -> "Fallback":
        return Fallback(self._pair, owner)


class Fallback:
    """The two transports of one socket, and the memory of which one works.

    Args:
        pair: The transports.
        owner: The socket; None if there is none.
    """

    def __init__(self, pair: Pair, owner: Owner | None) -> None:
        self._owner = owner
        self._first = transport_for(pair.first, owner)
        self._then = transport_for(pair.then, owner)
        self._after = pair.after
        self._retry_after = pair.retry_after
        self._prefers_first = True
        self._due = 0.0
        self._failure: Exception | None = None
        self._events = Hub[Event](log_unhandled)

    @property
    def lifecycle(self) -> Observable[Event]:
        """Each change of transport."""
        return self._events.observable

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt, by one transport or by both; see `Transport.connect`."""
        self._then.connect(endpoint)  # so that it can refuse its use at the call
        after = share_of(endpoint, self._after)

        def known(use: Callable[[Endpoint], None], _: object) -> abc.DisposableBase:
            use(endpoint)
            return Disposable()

        def trial(asking: Asking, useful: Callable[[], None]) -> Observable[Connection]:
            return with_loop(
                lambda observer, loop: Trial(
                    transport=self._first,
                    url=endpoint.public_url,
                    after=after,
                    asking=asking,
                    useful=useful,
                    observer=observer,
                    loop=loop,
                ).begin()
            )

        def first(useful: Callable[[], None]) -> Observable[Connection]:
            return trial(known, useful)

        def beside(useful: Callable[[], None]) -> Observable[Connection]:
            return trial(known if self._owner is None else self._owner.ask, useful)

        def subscribe(
            observer: abc.ObserverBase[Connection], loop: LoopScheduler
        ) -> abc.DisposableBase:
            began = loop.monotonic()

            def then() -> Observable[Connection]:
                return self._then.connect(aged(endpoint, loop.monotonic() - began))

            use_then = UseThen(self, then, beside, observer, loop)
            if self._prefers_first:
                return self._use_first(first, use_then, observer, loop)
            return use_then.begin()

        return with_loop(subscribe)

    def _use_first(
        self,
        first: MakeTrial,
        use_then: "UseThen",
        observer: abc.ObserverBase[Connection],
        loop: LoopScheduler,
    ) -> abc.DisposableBase:
        attempt = SerialDisposable()
        phase = Phase.CONNECTING

        def opened(connection: Connection) -> None:
            nonlocal phase
            # A message may come within the call that sends the heartbeat.
            if phase is Phase.CONNECTING:
                phase = Phase.OPEN
            observer.on_next(connection)

        def useful() -> None:
            nonlocal phase
            phase = Phase.USEFUL

        def ended(error: Exception) -> None:
            self._failure = error
            if phase is not Phase.USEFUL:
                self._events.on_next(FellBack(error))
            if phase is Phase.CONNECTING:
                attempt.disposable = use_then.begin()
                return
            if phase is Phase.OPEN:
                self.give_up_first(loop)
            observer.on_error(error)

        attempt.disposable = trial = SerialDisposable()
        trial.disposable = first(useful).subscribe(
            opened, ended, observer.on_completed, scheduler=loop
        )
        return attempt

    def fell_back(self, loop: LoopScheduler) -> None:
        """Note that the other one has opened."""
        if self._prefers_first:
            self.give_up_first(loop)

    def give_up_first(self, loop: LoopScheduler) -> None:
        """Use the other one for a while."""
        self._prefers_first = False
        self._due = loop.monotonic() + self._retry_after

    def stepped_up(self) -> None:
        """Use the first one from now on, and report it."""
        self._prefers_first = True
        self._events.on_next(SteppedUp())

    def neither_opened(self, error: Exception) -> Exception:
        """Return the failure of the pair: the one that may heal, if one may."""
        self._prefers_first = True
        failure, policy = self._failure, Reconnect()
        if failure is None or not policy.is_final(error) or policy.is_final(failure):
            return error
        return failure

    def seconds_left(self, loop: LoopScheduler) -> float:
        """Return the seconds until the first one is to be tried again."""
        return max(0.0, self._due - loop.monotonic())

    def depart(self, done: Callable[[], None]) -> abc.DisposableBase:
        """Have the socket end what is in flight, and leave its channels."""
        if self._owner is not None:
            return self._owner.depart(done)
        done()
        return Disposable()


class UseThen:
    """One attempt by the other transport, and trials of the first one beside it.

    Args:
        fallback: The memory.
        then: Makes the attempt by the other one.
        beside: Makes a trial of the first one.
        observer: Gets the connection.
        loop: Time.
    """

    def __init__(
        self,
        fallback: Fallback,
        then: Callable[[], Observable[Connection]],
        beside: MakeTrial,
        observer: abc.ObserverBase[Connection],
        loop: LoopScheduler,
    ) -> None:
        self._fallback = fallback
        self._then = then
        self._beside = beside
        self._observer = observer
        self._loop = loop
        self._connection: Connection | None = None
        self._phase = Phase.CONNECTING
        self._using = SerialDisposable()
        self._trial = SerialDisposable()
        self._departure = SerialDisposable()

    def begin(self) -> abc.DisposableBase:
        """Connect."""
        everything = CompositeDisposable(self._using, self._trial, self._departure)
        try:
            life = self._then()
        except ISOLATED as error:  # a transport's
            self._failed(contained(error))
            return everything
        self._using.disposable = life.subscribe(
            self._opened, self._failed, self._completed, scheduler=self._loop
        )
        return everything

    def _opened(self, connection: Connection) -> None:
        self._connection = connection
        self._phase = Phase.OPEN
        self._fallback.fell_back(self._loop)
        self._try_later()
        self._observer.on_next(connection)

    def _failed(self, error: Exception) -> None:
        if self._phase is Phase.MOVING:
            self._move()
        elif self._phase is Phase.CONNECTING:
            self._observer.on_error(self._fallback.neither_opened(error))
        else:
            self._observer.on_error(error)

    def _completed(self) -> None:
        if self._phase is Phase.MOVING:
            self._move()
        else:
            self._observer.on_completed()

    def _try_later(self) -> None:
        delay = self._fallback.seconds_left(self._loop)
        self._trial.disposable = self._loop.call_later(delay, self._try)

    def _try(self) -> None:
        def failed(_: Exception) -> None:
            # Once the move has begun, it goes on: the next attempt will tell.
            if self._phase is not Phase.MOVING:
                self._fallback.give_up_first(self._loop)
                self._try_later()

        self._trial.disposable = trial = SerialDisposable()
        trial.disposable = self._beside(self._useful).subscribe(
            on_error=failed, scheduler=self._loop
        )

    def _useful(self) -> None:
        self._phase = Phase.MOVING
        self._departure.disposable = departure = SerialDisposable()
        departure.disposable = self._fallback.depart(self._close)

    def _close(self) -> None:
        """Drop the connection, once it has written what is left for it."""
        connection = self._connection
        if connection is None or not connection.buffered:
            self._move()
            return
        timer = self._loop.call_later(CLOSE_TIMEOUT, self._move)
        self._departure.disposable = timer
        connection.close()

    def _move(self) -> None:
        for disposable in self._departure, self._trial, self._using:
            disposable.dispose()
        self._fallback.stepped_up()
        text = "moving back to the better transport"
        self._observer.on_error(ConnectionLost(GOING_AWAY, text))


def share_of(endpoint: Endpoint, after: float) -> float:
    """Return the seconds of an attempt that the first one gets: half of a short one."""
    timeout = endpoint.timeout
    return after if timeout is None or timeout > after else timeout / 2


def aged(endpoint: Endpoint, seconds: float) -> Endpoint:
    """Return an endpoint with the time that is left for its attempt."""
    if endpoint.timeout is None:
        return endpoint
    return replace(endpoint, timeout=max(endpoint.timeout - seconds, 0.0))


def with_loop(
    subscribe: Callable[
        [abc.ObserverBase[Connection], LoopScheduler], abc.DisposableBase
    ],
) -> Observable[Connection]:
    """Return an Observable that gets a loop's scheduler, given to it or the current."""

    def begin(
        observer: abc.ObserverBase[Connection],
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        has_loop = isinstance(scheduler, LoopScheduler)
        return subscribe(observer, scheduler if has_loop else LoopScheduler.current())

    return Observable(begin)


class Trial:
    """A connection of the first transport, which has to prove useful.

    Args:
        transport: The first one.
        url: The endpoint, fit for logs.
        after: Seconds in which it has to open, and then to deliver.
        asking: Gives the endpoint.
        useful: Called with its first message.
        observer: Gets the connection, its end, and the failure of the trial.
        loop: Time.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        transport: Transport,
        url: str,
        after: float,
        asking: Asking,
        useful: Callable[[], None],
        observer: abc.ObserverBase[Connection],
        loop: LoopScheduler,
    ) -> None:
        self._transport = transport
        self._url = url
        self._after = after
        self._asking = asking
        self._useful = useful
        self._observer = observer
        self._loop = loop
        self._endpoint: Endpoint | None = None
        self._has_opened = False
        self._asked = SerialDisposable()
        self._using = SerialDisposable()
        self._timer = SerialDisposable()
        self._tap = SerialDisposable()
        self._everything = CompositeDisposable(
            self._asked, self._using, self._timer, self._tap
        )

    def begin(self) -> abc.DisposableBase:
        """Ask for the endpoint, and connect."""
        text = f"no connection to {self._url} within {self._after:g} s"
        self._limit(ConnectError(text, url=self._url))
        self._asked.disposable = self._asking(self._connect, self._end)
        return self._everything

    def _connect(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        given = endpoint.timeout
        left = self._after if given is None else min(self._after, given)
        try:
            life = self._transport.connect(replace(endpoint, timeout=left))
        except ISOLATED as error:  # a transport's: a failed trial
            self._end(contained(error))
            return
        self._using.disposable = life.subscribe(
            self._opened, self._end, self._observer.on_completed, scheduler=self._loop
        )

    def _opened(self, connection: Connection) -> None:
        self._has_opened = True
        text = f"opened, but silent for {self._after:g} s"
        self._limit(ConnectionLost(1006, text))
        self._tap.disposable = batches_of(connection).subscribe(self._prove)
        # Before any join: servers answer nothing while one takes its time.
        is_v1 = self._endpoint is not None and self._endpoint.vsn.startswith("1.")
        serializer = SerializerV1() if is_v1 else SerializerV2()
        connection.send(serializer.encode(PROBE))
        self._observer.on_next(connection)

    def _prove(self, _: object) -> None:
        self._timer.dispose()
        self._tap.dispose()
        self._useful()

    def _end(self, error: Exception) -> None:
        # It is emitted on the lifecycle, past the attempt that redacts secrets.
        secrets: frozenset[str] = frozenset()
        if self._endpoint is not None:
            endpoint = self._endpoint
            credentials = endpoint.params, endpoint.auth_token, endpoint.headers
            secrets = secrets_of(endpoint.url, credentials)
        if isinstance(error, UsageError):
            self._fail(error)
        elif self._has_opened:
            self._fail(loss_of(error, secrets))
        else:
            self._fail(failure_of(error, self._url, secrets))

    def _limit(self, error: Exception) -> None:
        """Fail after a while, unless something happens before."""
        self._timer.disposable = self._loop.call_later(
            self._after, lambda: self._fail(error)
        )

    def _fail(self, error: Exception) -> None:
        self._everything.dispose()
        self._observer.on_error(error)
