"""Tapes written as tests: the server of a recording becomes a lane."""

import re
from collections.abc import Iterable, Iterator, Mapping
from keyword import iskeyword
from string import ascii_letters
from textwrap import wrap
from typing import NamedTuple

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import CLOSE, ERROR, JOIN, LEAVE, OK, PHOENIX
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._marbles.actions import CLIENT_LETTERS, SERVER_LETTERS
from rx_phoenix.testing._marbles.drawing import draw_lane
from rx_phoenix.testing._marbles.parser import TICK
from rx_phoenix.testing._transports.tape import Closed, Entry, Opened, Received, Sent

__all__ = ["written_as_test"]

LOST = 1006

WIDTH = 70
"""The longest line of a lane."""

PAYLOAD = "<payload>"
"""Stands for the payloads of an event until all are known."""

FEW = 10
"""The most payloads that the assertion of an event compares."""

TEMPLATE = '''\
"""A recorded connection as a test.

Times are rounded to ticks of 0.1 s. The client's delays are short, so that it is ready
when the recorded server acts, and heartbeats are answered.
"""

from rx_phoenix import Backoff, Reconnect, Rejoin
from rx_phoenix.testing import Answers, Closes, Says, Sends


def test_the_recording(phx):
    phx.use(
        reconnect=Reconnect(Backoff(0.01)), rejoin=Rejoin(Backoff(0.01)), timeout=3600
    )
    phx.answers("h")
    phx.letters(
        {{
{letters}
        }}
    )
    # Your own code can take the place of these lines: give it phx.socket.
{client}

    phx.run(
        server=(
{lane}
        )
    )

{asserts}
'''


class Event(NamedTuple):
    """An event that the server's channel sent."""

    topic: str
    name: str
    payload: object


class Transcript:
    """Entries of a tape as letters and calls, in the order of time."""

    def __init__(self) -> None:
        self._time = 0.0
        self._events: list[tuple[float, str]] = []
        self._calls: dict[int | None, str] = {}
        self._left_joining: dict[str, int] = {}
        self._is_open = False
        self._sent: list[Message] = []
        self._unanswered: list[Message] = []
        self._refs: dict[str, str | None] = {}
        self._params: dict[str, object] = {}
        self._names: dict[str, str] = {}
        self._replies: dict[str, list[object]] = {}
        self._heard: list[Event] = []
        self._joined: set[str] = set()
        self._letters: dict[str, str] = {}
        self._payloads: dict[str, list[object]] = {}
        taken = {*CLIENT_LETTERS, *SERVER_LETTERS}
        free = (*ascii_letters, *map(chr, range(0x3B1, 0xD800)))
        self._free: Iterator[str] = (letter for letter in free if letter not in taken)

    def add(self, entry: Entry) -> None:
        """Translate the next entry."""
        match entry:
            case Opened(at=at):
                self._is_open = True
                self._unanswered.clear()
                self._play(at, "o", waits=True)
            case Closed(at=at, code=code, reason=reason):
                if self._is_open:
                    self._is_open = False
                    self._refs.clear()
                    self._joined.clear()
                    closes = f"Closes({code}, {reason!r})"
                    self._play(at, "#" if code == LOST else self._letter(closes))
            case Sent(at=at):
                self._send(at, entry.original)
            case Received(at=at):
                self._receive(at, entry.original)

    def _play(self, at: float, letter: str, *, waits: bool = False) -> None:
        """Add a letter; one that waits for the client comes a tick after the last."""
        least = self._time + TICK * (waits and bool(self._events))
        self._time = round(max(round(at / TICK) * TICK, least), 9)
        self._events.append((self._time, letter))

    def _send(self, at: float, message: Message) -> None:
        topic, event = message.topic, message.event
        if topic == PHOENIX:
            return
        name = self._name(topic)
        if event == JOIN:
            self._params.setdefault(topic, message.payload)
            self._refs[topic] = message.join_ref
            # The test's client sends a join once, however long its answer takes, and
            # so it leaves none that timed out.
            self._calls.pop(self._left_joining.pop(topic, None), None)
            self._unanswered = [
                item
                for item in self._unanswered
                if (item.topic, item.event) != (topic, JOIN)
            ]
        else:
            what = f"push({event!r}, {message.payload!r})"
            call = "leave()" if event == LEAVE else what
            self._time = round(max(self._time, round(at / TICK) * TICK), 9)
            time = round(self._time + TICK / 2, 9)
            if event == LEAVE and self._is_joining(topic):
                self._left_joining[topic] = len(self._sent)
            self._calls[len(self._sent)] = (
                f"phx.at({time!r}, lambda: {name}.{call}.outcome)"
            )
        self._sent.append(message)
        self._unanswered.append(message)

    def _is_joining(self, topic: str) -> bool:
        asked = ((item.topic, item.event) for item in self._unanswered)
        return (topic, JOIN) in asked

    def _receive(self, at: float, message: Message) -> None:
        reply, topic, event = message.reply, message.topic, message.event
        if topic == PHOENIX:
            return
        if reply is not None:
            asked = [item for item in self._unanswered if item.ref == message.ref]
            for request in asked[:1]:
                self._answer(at, request, reply.status, reply.response)
        elif message.join_ref in {None, self._refs.get(topic)} and topic in self._refs:
            if event in {CLOSE, ERROR}:
                del self._refs[topic]
                self._joined.discard(topic)
            else:
                self._heard.append(Event(topic, event, message.payload))
            letter = self._letter(f"Says({event!r}, {PAYLOAD}, {topic!r})")
            self._payloads.setdefault(letter, []).append(message.payload)
            self._play(at, letter)

    def _answer(
        self, at: float, request: Message, status: str, response: object
    ) -> None:
        topic, event = request.topic, request.event
        alike = [it for it in self._sent if (it.topic, it.event) == (topic, event)]
        waiting = [item for item in self._unanswered if item in alike]
        number = "" if waiting[0] is request else str(alike.index(request) + 1)
        self._unanswered.remove(request)
        if event == JOIN and status == OK:
            self._joined.add(topic)
            self._replies.setdefault(topic, []).append(response)
        elif event == LEAVE:
            self._joined.discard(topic)
        to = self._letter(f"Sends({event!r}, topic={topic!r})")
        answers = f"Answers({to!r}, {status!r}, {response!r})"
        self._play(at, f"{self._letter(answers)}{number}", waits=True)

    def _letter(self, meaning: str) -> str:
        if meaning not in self._letters:
            self._letters[meaning] = next(self._free)
        return self._letters[meaning]

    def _name(self, topic: str) -> str:
        if topic not in self._names:
            name = re.sub(r"\W+", "_", topic).strip("_").lower() or "channel"
            if iskeyword(name) or name[0].isdigit() or name == "phx":
                name = f"channel_{name}"
            while name in self._names.values():
                name = f"{name}_"
            self._names[topic] = name
        return self._names[topic]

    # The test.

    def text(self) -> str:
        """Return the test as the text of a file.

        Raises:
            UsageError: No channel was joined.
        """
        if not self._params:
            raise UsageError("the tape has no join, so there is nothing to test")
        client = [*self._client(), *self._calls.values()]
        lane = wrap(draw_lane(self._events), WIDTH, break_long_words=False)
        # A call may be later than all that the server did.
        if self._events and (rest := round(self._time - self._events[-1][0], 9)):
            lane.append(f" {rest:g}s")
        return TEMPLATE.format(
            letters=indented(self._meanings(), 12),
            client=indented(client, 4),
            lane=indented((repr(f"{line} ") for line in [*lane, "-"]), 12),
            asserts=indented(self._asserts(), 4),
        )

    def _meanings(self) -> Iterator[str]:
        for meaning, letter in self._letters.items():
            payloads: list[object] = self._payloads.get(letter, [None])
            texts = [repr(payload) for payload in payloads]
            is_same = all(payload == payloads[0] for payload in payloads)
            # A list is a sequence of payloads.
            is_one = is_same and not isinstance(payloads[0], list)
            payload = texts[0] if is_one else f"[{', '.join(texts)}]"
            yield f"{letter!r}: {meaning.replace(PAYLOAD, payload, 1)},"

    def _client(self) -> Iterator[str]:
        for topic, params in self._params.items():
            name = self._names[topic]
            yield f"{name} = phx.socket.channel({topic!r}, {params!r})"
            yield f"{name}_replies = phx.record({name}.joined)"
        for number, (topic, event) in enumerate(self._events_heard()):
            yield f"heard_{number} = phx.record({self._names[topic]}.events({event!r}))"

    def _events_heard(self) -> Mapping[tuple[str, str], list[object]]:
        heard: dict[tuple[str, str], list[object]] = {}
        for topic, event, payload in self._heard:
            heard.setdefault((topic, event), []).append(payload)
        return heard

    def _asserts(self) -> Iterator[str]:
        for topic, replies in self._replies.items():
            yield f"assert {self._names[topic]}_replies.values == {replies!r}"
        for topic in self._params:
            if topic in self._joined:
                yield f'assert {self._names[topic]}.state == "joined"'
        for number, payloads in enumerate(self._events_heard().values()):
            if len(payloads) > FEW:
                yield f"assert len(heard_{number}.values) == {len(payloads)}"
            else:
                yield f"assert heard_{number}.values == {payloads!r}"


def written_as_test(entries: Iterable[Entry]) -> str:
    """Write a tape as a test file in which its server is a lane.

    The test passes if the client takes the recorded course: it joins, rejoins after
    each crash and loss, and receives the recorded events.

    Args:
        entries: The tape, as from `read_tape`.

    Raises:
        UsageError: No channel was joined.
    """
    transcript = Transcript()
    for entry in without_end(entries):
        transcript.add(entry)
    return transcript.text()


def without_end(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries up to the last close, which may be that of the recording."""
    tape = list(entries)
    while tape and isinstance(tape[-1], Closed):
        tape.pop()
    yield from tape


def indented(lines: Iterable[str], width: int = 8) -> str:
    """Return lines as an indented block."""
    return "\n".join(f"{' ' * width}{line}" for line in lines)
