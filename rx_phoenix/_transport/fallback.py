"""The better transport while it works, another one while it does not."""

from collections.abc import Callable
from functools import partial

from reactivex import Observable, abc, defer
from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix._log import log_unhandled
from rx_phoenix._protocol.checks import check_methods
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.lifecycle import FellBack, SteppedUp
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import HEARTBEAT, PHOENIX
from rx_phoenix._protocol.redaction import failure_of, loss_of, secrets_of
from rx_phoenix._protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import Connection, Transport, batches_of
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError
from rx_phoenix.policy import Duration, seconds

__all__ = ["FallbackTransport"]

PROBE = Message(None, "fallback", PHOENIX, HEARTBEAT, {})
"""A heartbeat by which a connection shows that it delivers."""

GOING_AWAY = 1001
"""The close code that means: come back."""

Trial = Callable[[Callable[[], None]], Observable[Connection]]
"""Makes a connection that has to prove useful; calls a function when it did."""


class FallbackTransport:
    """Uses the first transport, and the other one while the first is of no use.

    A connection is useful once it delivered a message. Having opened proves nothing,
    for there are middleboxes that let an upgrade pass and kill it then; a heartbeat
    of its own sees to it that there is a message to deliver.

    While the other one is used, the first is tried again now and then, beside it and
    with the same credentials. Once it proves useful, the socket moves back: its
    channels rejoin, as they do after any lost connection. If neither can be opened,
    the next attempt begins with the first again.

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
        self._first = first
        self._then = then
        self._after = seconds(after, "after")
        self._retry_after = seconds(retry_after, "retry_after")
        self._prefers_first = True
        self._due = 0.0
        self._events = Hub[FellBack | SteppedUp](log_unhandled)

    @property
    def lifecycle(self) -> Observable[FellBack | SteppedUp]:
        """Each change of transport, which a socket emits on its own lifecycle."""
        return self._events.observable

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt, by one transport or by both; see `Transport.connect`.

        Raises:
            UsageError: The other one cannot be used in this way.
        """
        life = defer(lambda _: self._first.connect(endpoint))
        first = partial(on_trial, life, endpoint, self._after)
        then = self._then.connect(endpoint)

        def subscribe(
            observer: abc.ObserverBase[Connection], loop: LoopScheduler
        ) -> abc.DisposableBase:
            use = self._use_first if self._prefers_first else self._use_then
            return use(first, then, observer, loop)

        return with_loop(subscribe)

    def _use_first(
        self,
        first: Trial,
        then: Observable[Connection],
        observer: abc.ObserverBase[Connection],
        loop: LoopScheduler,
    ) -> abc.DisposableBase:
        attempt = SerialDisposable()
        has_opened = is_useful = False

        def opened(connection: Connection) -> None:
            nonlocal has_opened
            has_opened = True
            observer.on_next(connection)

        def useful() -> None:
            nonlocal is_useful
            is_useful = True

        def ended(error: Exception) -> None:
            if not is_useful:
                self._events.on_next(FellBack(error))
            if not has_opened:
                attempt.disposable = self._use_then(first, then, observer, loop)
                return
            if not is_useful:
                self._give_up_first(loop)
            observer.on_error(error)

        attempt.disposable = trial = SerialDisposable()
        trial.disposable = first(useful).subscribe(
            opened, ended, observer.on_completed, scheduler=loop
        )
        return attempt

    def _use_then(
        self,
        first: Trial,
        then: Observable[Connection],
        observer: abc.ObserverBase[Connection],
        loop: LoopScheduler,
    ) -> abc.DisposableBase:
        using, beside = SerialDisposable(), SerialDisposable()
        has_opened = False

        def opened(connection: Connection) -> None:
            nonlocal has_opened
            has_opened = True
            if self._prefers_first:
                self._give_up_first(loop)
            beside.disposable = self._try_beside(first, step_up, loop)
            observer.on_next(connection)

        def failed(error: Exception) -> None:
            if not has_opened:
                self._prefers_first = True
            observer.on_error(error)

        def step_up() -> None:
            self._prefers_first = True
            beside.dispose()
            using.dispose()
            self._events.on_next(SteppedUp())
            text = "moving back to the better transport"
            observer.on_error(ConnectionLost(GOING_AWAY, text))

        using.disposable = then.subscribe(
            opened, failed, observer.on_completed, scheduler=loop
        )
        return CompositeDisposable(using, beside)

    def _try_beside(
        self, first: Trial, useful: Callable[[], None], loop: LoopScheduler
    ) -> abc.DisposableBase:
        trial = SerialDisposable()

        def wait() -> None:
            delay = max(0.0, self._due - loop.monotonic())
            trial.disposable = loop.call_later(delay, begin)

        def begin() -> None:
            trial.disposable = first(useful).subscribe(
                on_error=try_later, scheduler=loop
            )

        def try_later(_: Exception) -> None:
            self._give_up_first(loop)
            wait()

        wait()
        return trial

    def _give_up_first(self, loop: LoopScheduler) -> None:
        self._prefers_first = False
        self._due = loop.monotonic() + self._retry_after


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


def on_trial(
    life: Observable[Connection],
    endpoint: Endpoint,
    after: float,
    useful: Callable[[], None],
) -> Observable[Connection]:
    """Return a connection that has to prove useful.

    Args:
        life: An attempt, and the life of its connection.
        endpoint: Where it leads to.
        after: Seconds in which it has to open, and then to deliver.
        useful: Called with its first message.

    Errors:
        As the transport does; and when either time has passed.
    """

    def subscribe(
        observer: abc.ObserverBase[Connection], loop: LoopScheduler
    ) -> abc.DisposableBase:
        using, timer, tap = SerialDisposable(), SerialDisposable(), SerialDisposable()
        everything = CompositeDisposable(using, timer, tap)
        has_opened = False

        def fail(error: Exception) -> None:
            everything.dispose()
            observer.on_error(error)

        def end(error: Exception) -> None:
            credentials = endpoint.params, endpoint.auth_token, endpoint.headers
            # It is emitted on the lifecycle, past the attempt that redacts secrets.
            secrets = secrets_of(endpoint.url, credentials)
            if isinstance(error, UsageError):
                fail(error)
            elif has_opened:
                fail(loss_of(error, secrets))
            else:
                fail(failure_of(error, url, secrets))

        def prove(_: object) -> None:
            timer.dispose()
            tap.dispose()
            useful()

        def opened(connection: Connection) -> None:
            nonlocal has_opened
            has_opened = True
            silent = ConnectionLost(1006, f"opened, but silent for {after:g} s")
            timer.disposable = loop.call_later(after, lambda: fail(silent))
            tap.disposable = batches_of(connection).subscribe(prove)
            # Before any join: servers answer nothing while one takes its time.
            is_v1 = endpoint.vsn.startswith("1.")
            serializer = SerializerV1() if is_v1 else SerializerV2()
            connection.send(serializer.encode(PROBE))
            observer.on_next(connection)

        url = endpoint.public_url
        late = ConnectError(f"no connection to {url} within {after:g} s", url=url)
        timer.disposable = loop.call_later(after, lambda: fail(late))
        using.disposable = life.subscribe(
            opened, end, observer.on_completed, scheduler=loop
        )
        return everything

    return with_loop(subscribe)
