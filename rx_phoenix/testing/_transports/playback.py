"""A transport whose peer is a tape."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from msgspec.structs import astuple, replace
from reactivex import Observable, abc, throw
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.delivery import TURNS
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix._transport.contract import Connection
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.testing._server.codec import Message as WireMessage
from rx_phoenix.testing._server.codec import (
    Reply,
    Serializer,
    V1Serializer,
    V2Serializer,
)
from rx_phoenix.testing._transports.tape import Closed, Entry, Opened, Received, Sent

__all__ = ["TapeTransport"]


class TapeTransport:
    """A transport that replays the recorded messages of a server.

    Each attempt to connect gets the next connection of the tape, which opens at once
    and ends as recorded. A message arrives as long after the opening as recorded; a
    reply, or a message that belongs to a join, also waits until the client has sent
    the push or join in question. Refs are translated to those of the client.

    Args:
        entries: The tape, as from `read_tape`.
        speed: The factor by which it is played faster; 0 leaves out all waiting.

    >>> from rx_phoenix import Socket
    >>> from rx_phoenix.testing import TapeTransport, VirtualScheduler, read_tape
    >>> line = '{"kind":"received","at":0.5,"message":[null,null,"room:a","hi",{}]}'
    >>> time = VirtualScheduler()
    >>> transport = TapeTransport(read_tape([line]))
    >>> socket = Socket("ws://tape/socket", transport=transport, scheduler=time)
    >>> subscription = socket.frames.subscribe(lambda message: print(message.event))
    >>> opening = socket.connect()
    >>> time.advance_by(0.5)
    hi
    >>> ended = socket.aclose()
    """

    def __init__(self, entries: Iterable[Entry], *, speed: float = 1.0) -> None:
        self._sessions = deque(sessions(entries))
        self._speed = speed
        self._ended = SingleResult[None](_raise)

    @property
    def ended(self) -> Observable[None]:
        """The end of the tape: emits and completes once all is played; awaitable."""
        return self._ended

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Open the next connection of the tape; see `Transport.connect`."""
        if not self._sessions:
            url = endpoint.public_url
            return throw(ConnectError("the tape has no more connections", url=url))
        session = self._sessions.popleft()
        is_last = not self._sessions
        is_v1 = endpoint.vsn.startswith("1.")
        serializer = V1Serializer() if is_v1 else V2Serializer()

        def subscribe(
            observer: abc.ObserverBase[Connection],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            has_loop = isinstance(scheduler, LoopScheduler)
            loop = scheduler if has_loop else LoopScheduler.current()
            timers = CompositeDisposable()

            def later(delay: float, call: Callable[[], None]) -> None:
                timers.add(loop.call_later(delay, call))

            def finish(turns: int) -> None:
                # The last messages may wait for an await that they end to go on.
                if turns:
                    later(0.0, lambda: finish(turns - 1))
                else:
                    self._ended.succeed(None)

            connection = TapeConnection(session, observer, serializer, later)
            observer.on_next(connection)
            began = session[0].at
            for entry in session:
                delay = (entry.at - began) / self._speed if self._speed else 0.0
                later(delay, lambda entry=entry: connection.play(entry))
                if is_last and entry is session[-1]:
                    later(delay, lambda: finish(2 * TURNS))
            return timers

        return Observable(subscribe)


class TapeConnection:
    """One connection of a tape.

    Args:
        session: Its entries.
        observer: The observer of the attempt; notified when the connection ends.
        serializer: The server's serializer for the client's protocol version.
        later: Calls a function after a delay in seconds, unless the connection ended.
    """

    def __init__(
        self,
        session: Sequence[Entry],
        observer: abc.ObserverBase[Connection],
        serializer: Serializer,
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._observer = observer
        self._serializer = serializer
        self._later = later
        self._batches = Hub[Sequence[Frame]](_raise)
        self._expected = [e.message for e in session if isinstance(e, Sent)]
        self._recorded_refs = {message.ref for message in self._expected}
        self._refs: dict[str | None, str | None] = {}
        self._held: list[Message] = []
        self._is_paused = False
        self._end: ConnectionLost | None = None

    @property
    def batches(self) -> Observable[Sequence[Frame]]:
        """The frames that arrive, each by itself."""
        return self._batches.observable

    @property
    def buffered(self) -> int:
        """The number of unwritten frames: always 0."""
        return 0

    def send(self, frame: Frame) -> None:
        """Map the recorded ref of a message to its ref now, if it is on the tape."""
        sent = self._serializer.decode(frame)
        for message in self._expected:
            if (message.topic, message.event) == (sent.topic, sent.event):
                self._expected.remove(message)
                # Not within this turn, in which no coroutine awaits the reply yet.
                self._later(0.0, partial(self._map, message.ref, sent.ref))
                break

    def close(self, code: int = 1000, reason: str = "") -> None:  # noqa: ARG002
        """Close the connection; the tape answers at once."""
        self._observer.on_completed()

    def pause(self) -> None:
        """Keep what is played, until `resume`."""
        self._is_paused = True

    def resume(self) -> None:
        """Deliver what was played meanwhile, and the end behind it."""
        self._is_paused = False
        self._release()
        if self._end is not None and not self._is_paused:
            end, self._end = self._end, None
            self._observer.on_error(end)

    def play(self, entry: Entry) -> None:
        """Replay an entry."""
        match entry:
            case Received():
                self._held.append(entry.original)
                self._release()
            case Closed(code=code, reason=reason) if self._is_paused:
                self._end = ConnectionLost(code, reason)
            case Closed(code=code, reason=reason):
                self._observer.on_error(ConnectionLost(code, reason))
            case Opened() | Sent():
                pass

    def _map(self, recorded: str | None, ref: str | None) -> None:
        self._refs[recorded] = ref
        self._release()

    def _release(self) -> None:
        """Deliver, in order, the messages whose refs are known."""
        for message in tuple(self._held):
            if self._is_paused:
                return
            if self._is_ready(message.ref) and self._is_ready(message.join_ref):
                self._held.remove(message)
                self._batches.on_next([self._frame(self._translated(message))])

    def _is_ready(self, ref: str | None) -> bool:
        return ref not in self._recorded_refs or ref in self._refs

    def _translated(self, message: Message) -> Message:
        return replace(
            message,
            ref=self._refs.get(message.ref, message.ref),
            join_ref=self._refs.get(message.join_ref, message.join_ref),
        )

    def _frame(self, message: Message) -> Frame:
        """Encode a message as the server would."""
        join_ref, ref, topic, event, payload = astuple(message)
        if message.reply is not None:
            status, response = astuple(message.reply)
            reply = Reply(join_ref, ref, topic, status, response)
            return self._serializer.encode_reply(reply).data
        if join_ref is None and ref is None:
            return self._serializer.encode_broadcast(topic, event, payload).data
        return self._serializer.encode(
            WireMessage(join_ref, ref, topic, event, payload)
        ).data


def sessions(entries: Iterable[Entry]) -> Iterator[Sequence[Entry]]:
    """Split a tape into connections, each a sequence of entries."""
    session: list[Entry] = []
    for entry in entries:
        if isinstance(entry, Opened) and session:
            yield session
            session = []
        session.append(entry)
        if isinstance(entry, Closed):
            yield session
            session = []
    if session:
        yield session


def _raise(error: Exception) -> None:
    raise error
