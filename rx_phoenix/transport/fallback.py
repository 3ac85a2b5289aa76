"""The better transport while it works, another one while it does not."""

from collections.abc import Callable
from logging import getLogger

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.policy import Duration, seconds
from rx_phoenix.protocol.endpoint import Endpoint
from rx_phoenix.protocol.lifecycle import FellBack, SteppedUp
from rx_phoenix.protocol.message import Message
from rx_phoenix.protocol.names import HEARTBEAT, PHOENIX
from rx_phoenix.protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix.streams.hub import Hub
from rx_phoenix.streams.scheduler import LoopScheduler
from rx_phoenix.transport.contract import Connection, Transport

__all__ = ["FallbackTransport"]

PROBE = Message(None, "fallback", PHOENIX, HEARTBEAT, {})
"""A heartbeat by which a connection shows that it delivers."""

SERVICE_RESTART = 1012
"""The close code that means: come back."""

log = getLogger("rx_phoenix")


class FallbackTransport:
    """Uses the first transport, and the other one while the first is of no use.

    A connection is useful once it delivered a message. Having opened proves nothing,
    for there are middleboxes that let an upgrade pass and kill it then; a heartbeat
    of its own sees to it that there is a message to deliver.

    While the other one is used, the first is tried again now and then, beside it.
    Once it proves useful, the socket moves back: its channels rejoin, as they do after
    any lost connection.

    Args:
        first: The better one.
        then: The other one.
        after: Seconds in which the first has to open, and then to deliver.
        retry_after: Seconds until the first is tried again.

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
        self._first = first
        self._then = then
        self._after = seconds(after)
        self._retry_after = seconds(retry_after)
        self._prefers_first = True
        self._events = Hub[FellBack | SteppedUp](_report)

    @property
    def lifecycle(self) -> Observable[FellBack | SteppedUp]:
        """What it does, as values; a socket shows them on its own lifecycle."""
        return self._events.observable

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """One attempt, by one transport or by both; see `Transport.connect`."""
        return with_loop(
            lambda observer, loop: (
                self._use_first(endpoint, observer, loop)
                if self._prefers_first
                else self._use_then(endpoint, observer, loop)
            )
        )

    def _use_first(
        self,
        endpoint: Endpoint,
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
                self._prefers_first = False
                self._events.on_next(FellBack(error))
            if has_opened:
                observer.on_error(error)
            else:
                attempt.disposable = self._use_then(endpoint, observer, loop)

        trial = on_trial(self._first, endpoint, self._after, useful)
        attempt.disposable = first = SerialDisposable()
        first.disposable = trial.subscribe(
            opened, ended, observer.on_completed, scheduler=loop
        )
        return attempt

    def _use_then(
        self,
        endpoint: Endpoint,
        observer: abc.ObserverBase[Connection],
        loop: LoopScheduler,
    ) -> abc.DisposableBase:
        using, beside = SerialDisposable(), SerialDisposable()

        def wait(_: Exception | None = None) -> None:
            beside.disposable = loop.call_later(self._retry_after, try_first)

        def try_first() -> None:
            trial = on_trial(self._first, endpoint, self._after, step_up)
            beside.disposable = trial.subscribe(on_error=wait, scheduler=loop)

        def step_up() -> None:
            self._prefers_first = True
            beside.dispose()
            using.dispose()
            self._events.on_next(SteppedUp())
            text = "moving back to the better transport"
            observer.on_error(ConnectionLost(SERVICE_RESTART, text))

        wait()
        using.disposable = self._then.connect(endpoint).subscribe(
            observer, scheduler=loop
        )
        return CompositeDisposable(using, beside)


def with_loop(
    subscribe: Callable[
        [abc.ObserverBase[Connection], LoopScheduler], abc.DisposableBase
    ],
) -> Observable[Connection]:
    """An Observable that needs a loop's scheduler, and takes the one it is given."""

    def begin(
        observer: abc.ObserverBase[Connection],
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        has_loop = isinstance(scheduler, LoopScheduler)
        return subscribe(observer, scheduler if has_loop else LoopScheduler.current())

    return Observable(begin)


def on_trial(
    transport: Transport, endpoint: Endpoint, after: float, useful: Callable[[], None]
) -> Observable[Connection]:
    """A connection that has to prove useful.

    Args:
        transport: What is tried.
        endpoint: Where to.
        after: Seconds in which it has to open, and then to deliver.
        useful: Called with its first message.

    Errors:
        As the transport does; and when either time has passed.
    """

    def subscribe(
        observer: abc.ObserverBase[Connection], loop: LoopScheduler
    ) -> abc.DisposableBase:
        life, timer, tap = SerialDisposable(), SerialDisposable(), SerialDisposable()

        def fail(error: Exception) -> None:
            everything.dispose()
            observer.on_error(error)

        def prove(_: object) -> None:
            timer.dispose()
            tap.dispose()
            useful()

        def opened(connection: Connection) -> None:
            silent = ConnectionLost(1006, f"opened, but silent for {after:g} s")
            timer.disposable = loop.call_later(after, lambda: fail(silent))
            tap.disposable = connection.frames.subscribe(prove)
            observer.on_next(connection)
            is_v1 = endpoint.vsn.startswith("1.")
            serializer = SerializerV1() if is_v1 else SerializerV2()
            connection.send(serializer.encode(PROBE))

        url = endpoint.public_url
        late = ConnectError(f"no connection to {url} within {after:g} s", url=url)
        everything = CompositeDisposable(life, timer, tap)
        timer.disposable = loop.call_later(after, lambda: fail(late))
        life.disposable = transport.connect(endpoint).subscribe(
            opened, fail, observer.on_completed, scheduler=loop
        )
        return everything

    return with_loop(subscribe)


def _report(error: Exception) -> None:
    log.error("unhandled: %s", error, exc_info=error)
