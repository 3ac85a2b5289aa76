"""A socket in virtual time with its two lanes."""

from asyncio import TimerHandle
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from inspect import isawaitable
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import Any, Self, TypeVar

from reactivex import Observable, typing

from rx_phoenix._protocol.checks import check
from rx_phoenix._protocol.message import Message
from rx_phoenix._transport.contract import CLOSE_TIMEOUT
from rx_phoenix.errors import UsageError
from rx_phoenix.policy import Backoff, Duration, Reconnect, Rejoin, seconds
from rx_phoenix.socket import Socket
from rx_phoenix.testing._leaks.call_site import CallSite
from rx_phoenix.testing._leaks.checks import pass_time
from rx_phoenix.testing._leaks.tracing import Joins
from rx_phoenix.testing._marbles.actions import (
    Answers,
    ClientLetter,
    Connects,
    Disconnects,
    LetterValue,
    Says,
    Sends,
    ServerLetter,
    check_meaning,
    meaning_of,
    messages_of,
)
from rx_phoenix.testing._marbles.client_lane import Actual, ClientLane
from rx_phoenix.testing._marbles.parser import MarbleError, Mark, check_letters, parse
from rx_phoenix.testing._marbles.recording import Error, Marbles, Recording, read
from rx_phoenix.testing._marbles.server import Server
from rx_phoenix.testing._marbles.server_lane import ServerLane
from rx_phoenix.testing._marbles.timeline import D, Timeline
from rx_phoenix.testing._marbles.unplugged import unplugged
from rx_phoenix.testing._time.loop import EndlessWait
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._transports.fake import FakeTransport, fakes_in
from rx_phoenix.testing._transports.frames import frame_to_client

__all__ = ["Phx"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""

T = TypeVar("T")

URL = "ws://phx.test/socket"

SHOWN = 5
"""The number of armed timers in the error of an endless wait."""

WITHOUT_JITTER: Mapping[str, Any] = {
    "reconnect": Reconnect(Backoff(0.25, 2.0, 30.0)),
    "rejoin": Rejoin(Backoff.steps(1, 2, 5, 10)),
    "random": lambda: 0.5,
}
"""The defaults of a socket without jitter."""


class Phx:
    """A socket in virtual time whose server is a lane of marbles.

    Get it as the fixture ``phx``. During a test the virtual loop is the running loop.

    Args:
        timeline: The test's clock.

    Attributes:
        scheduler: The test's clock, for further sockets and operators.
        transport: The fake transport, for further sockets.
        server: The server by hand, beside its lanes.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.scheduler: VirtualScheduler = timeline.scheduler
        self._timeline = timeline
        self._lanes = [ServerLane(ClientLane(), timeline.scheduler)]
        self.transport: FakeTransport = FakeTransport(watch=self._lanes[0].watch)
        self.server: Server = Server(self._lanes)
        self._compared: list[tuple[float, float]] = []
        self._options: dict[str, Any] = {**WITHOUT_JITTER}
        self._socket: Socket | None = None

    # Time.

    @property
    def clock(self) -> float:
        """Seconds since the test began."""
        return self.scheduler.clock

    @property
    def tick(self) -> float:
        """Seconds of one character of a lane; 0.1 by default."""
        return self._timeline.tick

    @tick.setter
    def tick(self, tick: float) -> None:
        length = seconds(tick, "phx.tick")
        check(length > 0, "phx.tick", "more than 0 s", repr(tick))
        self._timeline.tick = length
        for lane in self._lanes:
            lane.tick = length

    def at(self, time: typing.RelativeTime, function: Callable[[], object]) -> None:
        """Call a function at a time of the test's clock, before the server acts.

        Args:
            time: Seconds since the test began.
            function: The function; an ``async def`` runs in a task.
        """
        self._timeline.at(time, function)

    def wait_for(self, awaitable: Awaitable[T], within: str | Duration = "24h") -> T:
        """Advance the clock until an awaitable ends, and return its result.

        Args:
            awaitable: The awaitable.
            within: The time after which to give up, as in a lane or in seconds.

        Raises:
            UsageError: It did not end in time, no timer is armed that could end it, or
                it is not awaitable.
            MarbleError: ``within`` is not a duration.
        """
        takes = "awaitable, such as channel.join() or a coroutine"
        check(
            isawaitable(awaitable),
            "what phx.wait_for waits for",
            takes,
            repr(awaitable),
        )
        loop = self.scheduler.loop
        if isinstance(within, str):
            limit, words = within_of(within), within.strip()
        else:
            limit, words = seconds(within, "within"), ""
        try:
            return loop.run_until_complete(awaitable, within=limit, words=words)
        except EndlessWait as reason:
            armed = [f"  - {timer}" for timer in reason.armed[:SHOWN]]
            lanes = [line for lane in self._lanes for line in lane.last_lines()]
            lines = [*lanes, *(["still armed:"] if armed else [])]
            raise UsageError("\n".join([str(reason), *lines, *armed])) from None

    # The socket.

    def use(self, **options: Any) -> Self:
        """Set options of the socket before its first use.

        The defaults are those of `Socket`, without jitter. A `FakeTransport`, or a
        transport made of several, such as ``FallbackTransport(FakeTransport(),
        FakeTransport())``, gets a lane for each.

        Args:
            options: Arguments of `Socket`, including ``url``.

        Raises:
            UsageError: The socket was used already.
        """
        if self._socket is not None:
            raise UsageError("phx.socket was used already: call phx.use() earlier")
        self._options |= options
        if fakes := fakes_in(options.get("transport")):
            self._play_on(fakes)
        if options.get("serializer") is not None:
            for fake in fakes or [self.transport]:
                fake.serializer = options["serializer"]
        return self

    def _play_on(self, fakes: Sequence[FakeTransport]) -> None:
        self.transport = fakes[0]
        while len(self._lanes) < len(fakes):
            first = self._lanes[0]
            lane = ServerLane(ClientLane(first.client.letters), self.scheduler)
            lane.letters, lane.tick = first.letters, first.tick
            self._lanes.append(lane)
        for fake, lane in zip(fakes, self._lanes, strict=True):
            fake.watch = lane.watch

    @property
    def socket(self) -> Socket:
        """The socket."""
        if self._socket is None:
            options: dict[str, Any] = {
                "transport": self.transport,
                "scheduler": self.scheduler,
                **self._options,
            }
            self._socket = Socket(options.pop("url", URL), **options)
        return self._socket

    @property
    def unplugged(self) -> Socket:
        """A socket that fails the test when any of its members is used."""
        return unplugged(self._timeline.problems.append)

    # The lanes.

    def letters(
        self,
        meanings: Mapping[str, ClientLetter | ServerLetter] | None = None,
        /,
        **more: ClientLetter | ServerLetter,
    ) -> None:
        """Add custom letters, or redefine predefined ones.

        Args:
            meanings: The letters. `Sends` defines a client letter; `Says`, `Answers`,
                `Closes`, `Fails`, a `Message` and a raw frame define server letters.
            more: The same, for letters that are identifiers.

        Raises:
            UsageError: A key cannot be a letter, `Answers` names an unknown one, or a
                payload cannot be encoded.
        """
        added = {**(meanings or {}), **more}
        check_letters(added)
        first = self._lanes[0]
        for letter, meaning in added.items():
            self._check(letter, meaning)
            if isinstance(meaning, Sends | Connects | Disconnects):
                for lane in self._lanes:
                    lane.client.add_letter(letter, meaning)
            else:
                if isinstance(meaning, Says):
                    # Other letters and tests may share it: its payloads start over.
                    meaning = replace(meaning)  # noqa: PLW2901
                first.letters[letter] = meaning
        for letter, meaning in added.items():
            if isinstance(meaning, Answers) and meaning.to not in first.client.letters:
                raise UsageError(
                    f"{letter!r} answers {meaning.to!r}, which is not a client letter: "
                    f"use one of {' '.join(first.client.letters)}"
                )

    def _check(self, letter: str, meaning: ClientLetter | ServerLetter) -> None:
        try:
            check_meaning(meaning)
            for message in messages_of(meaning):
                frame_to_client(message, self.transport.serializer)
        except Exception as error:
            raise UsageError(f"letter {letter!r} cannot be played: {error}") from error

    def answers(self, letters: str, by: str = "") -> None:
        """Answer client letters at once, without a lane.

        Unanswered actions are answered, too.

        Args:
            letters: The client letters, such as ``h`` or ``*Jh``.
            by: One server letter for each client letter, such as ``fr``; by default
                those that answer ``ok``.

        Raises:
            UsageError: A server letter does not answer its client letter.
        """
        for lane in self._lanes:
            for letter, answer in zip_longest(letters, by):
                lane.auto_answer(letter, answer)

    def run(self, server: str = "", then: str = "") -> None:
        """Play a lane of the server and advance the clock to its end.

        A lane begins where the previous one ended. One that ends in a jump includes the
        instant that it reaches; one that ends in a character ends before the next tick,
        which belongs to the next lane. At each instant the server acts last, so that it
        can answer the client's messages of that instant.

        Args:
            server: The lane.
            then: The lane of the second transport of a fallback, from the same start.

        Raises:
            MarbleError: A lane is invalid.
            LaneError: A letter is impossible at its instant.
            UsageError: There is only one transport.
        """
        known = {
            letter: meaning_of(meaning)
            for letter, meaning in self._lanes[0].letters.items()
        }
        texts = self._texts(server, then)
        lanes = [parse(text, known, tick=self.tick, numbered=True) for text in texts]
        site, loop = CallSite.here(), self.scheduler.loop
        longest = max(lanes, key=attrgetter("end", "ends_in_jump"))
        end = self.clock + longest.end
        timers: list[TimerHandle] = []
        for player, lane in zip(self._lanes, lanes, strict=False):
            player.call_site = site
            timers += [
                loop.call_later(time, self._play, player, list(marks))
                for time, marks in groupby(lane.marks, key=attrgetter("time"))
            ]
        try:
            if longest.ends_in_jump:
                self.scheduler.advance_to(end)
            else:
                self.scheduler.advance_before(end)
        finally:
            for timer in timers:
                timer.cancel()

    def _texts(self, first: str, then: str) -> list[str]:
        if then and len(self._lanes) == 1:
            raise UsageError(
                "a lane for a second transport needs one: call "
                "phx.use(transport=FallbackTransport(FakeTransport(), FakeTransport()))"
            )
        return [first, then] if then else [first]

    def _play(self, lane: ServerLane, marks: list[Mark]) -> None:
        """Play the letters of an instant, each after the effects of the previous."""

        def play() -> None:
            mark = marks.pop(0)
            lane.play(mark.letter, mark.number)
            self._play(lane, marks)

        if marks:
            self.scheduler.loop.call_idle(play)

    def expect_client(
        self, lane: str, then: str | None = None, *, since: float = 0.0
    ) -> None:
        """Assert that the client's actions equal a lane.

        Args:
            lane: The lane, with all actions until now.
            then: The lane of the second transport of a fallback; None if it does not
                matter.
            since: The start of the lane, in seconds of the test's clock; earlier
                actions are ignored.

        Raises:
            AssertionError: The client's actions differ.
            MarbleError: The lane is invalid.
            UsageError: There is only one transport.
        """
        self._compared.append((since, self.clock))
        known = {
            letter: meaning_of(meaning)
            for letter, meaning in self._lanes[0].client.letters.items()
        }
        for player, text in zip(
            self._lanes, self._texts(lane, then or ""), strict=False
        ):
            expected = parse(text, known, tick=self.tick)
            lines = player.compare(expected, since=since)
            if lines:
                raise AssertionError("\n".join(["the client's actions differ", *lines]))

    def sent(self, letter: str = "P") -> list[Message]:
        """Return the client's messages that a letter means."""
        done = self._done(letter)
        return [item.action for item in done if isinstance(item.action, Message)]

    def times(self, letter: str) -> list[float]:
        """Return the times of the actions that a letter means, in seconds."""
        return [item.time for item in self._done(letter)]

    def _done(self, letter: str) -> list[Actual]:
        done = [item for lane in self._lanes for item in lane.client.sent(letter)]
        return sorted(done, key=attrgetter("time"))

    # Streams.

    def record(self, stream: Observable[Any]) -> Recording:
        """Subscribe to a stream until the end of the test and record it.

        Recordings are disposed before the socket closes, except one of
        `Socket.unhandled`, which records errors of the close as well.
        """
        if self._socket is not None and stream is self._socket.unhandled:
            return self._timeline.record(stream, is_kept=False)
        return self._timeline.record(stream)

    def strict(self) -> None:
        """Fail the test if it does not read a recording.

        The ini option ``rx_phoenix_strict`` does so for every test.
        """
        self._timeline.is_strict = True

    def keep(self, thing: D) -> D:
        """Dispose an object at the end of the test; return it."""
        return self._timeline.keep(thing)

    def marbles(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Marbles:
        """Parse the marbles that a recording is expected to equal.

        A server letter equals its frame, its payload and its response.

        Args:
            lane: The marbles, from the start of the test.
            values: The values of other letters.
            error: The error of ``#``, or its class; None matches any error.

        Raises:
            MarbleError: The lane is invalid.
        """
        letters = {
            letter: LetterValue(letter, meaning, self._lanes[0].played(letter))
            for letter, meaning in self._lanes[0].letters.items()
        }
        return read(
            lane, {**letters, **(values or {})}, error or Exception, tick=self.tick
        )

    # The end.

    def close(self) -> Iterator[str]:
        """Close the socket; yield a line for each error raised meanwhile."""
        if self._socket is not None:
            closing = self._socket.aclose()
            yield from pass_time(self.scheduler, 0)
            if not closing.is_settled:
                yield from pass_time(self.scheduler, CLOSE_TIMEOUT)

    def refused(self, joins: Joins) -> Iterator[str]:
        """Yield a line for each refused join that no assertion looked at."""
        return joins.unseen(self._compared)

    def undelivered(self) -> Iterator[str]:
        """Yield a line for each event of the server that had no subscriber."""
        for done in (done for lane in self._lanes for done in lane.undelivered):
            played = f"played {done.call_site}"
            yield f"no subscriber for {done} at {done.time:g} s, {played}"


def within_of(text: str) -> float:
    """Return the seconds of a limit that is written as a jump of a lane.

    Raises:
        MarbleError: It is not a duration.
    """
    with suppress(MarbleError):
        lane = parse(f" {text} ", {})
        if lane.ends_in_jump:
            return lane.end
    raise MarbleError(
        f"within must be a duration such as '90s', '5m' or '24h', got {text!r}"
    )
