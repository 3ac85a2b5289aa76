"""Meanings of the letters of a lane.

Client letters stand for actions of the client, server letters for events at the client.
Custom letters are values of the same classes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from rx_phoenix._protocol.checks import check, check_instance, is_whole
from rx_phoenix._protocol.lifecycle import Closed, Opened
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import (
    CLOSE,
    ERROR,
    HEARTBEAT,
    JOIN,
    LEAVE,
    OK,
    PHOENIX,
    REPLY,
)
from rx_phoenix.errors import ConnectError, ConnectionLost

__all__ = [
    "ANY",
    "CLIENT_LETTERS",
    "SERVER_LETTERS",
    "Answers",
    "ClientLetter",
    "Closes",
    "Connects",
    "Disconnects",
    "Fails",
    "LetterValue",
    "Opens",
    "Says",
    "Sends",
    "ServerLetter",
    "check_meaning",
    "meaning_of",
    "messages_of",
    "partial",
]


class Anything:
    """A value that equals every other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = Anything()
"""Equals any value, as a payload or within one."""


class Partial:
    """A mapping that equals each mapping with the same values under its keys."""

    def __init__(self, expected: Mapping[str, object]) -> None:
        self._expected = expected

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return False
        actual = cast("Mapping[str, object]", other)
        return all(
            key in actual and value == actual[key]
            for key, value in self._expected.items()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"partial({self._expected!r})"


def partial(expected: Mapping[str, object]) -> Any:
    """Return a value that equals each mapping with at least these keys and values.

    >>> partial({"body": "hi"}) == {"body": "hi", "at": 12345}
    True
    """
    return Partial(expected)


CODES = range(1000, 5000)

LIFECYCLE = frozenset({JOIN, LEAVE, HEARTBEAT})


# Client letters.


@dataclass(frozen=True, slots=True)
class Connects:
    """The client begins an attempt to connect."""

    def __str__(self) -> str:
        return "connect"


@dataclass(frozen=True, slots=True)
class Disconnects:
    """The client ends its connection, or abandons an attempt."""

    def __str__(self) -> str:
        return "disconnect"


@dataclass(frozen=True, slots=True)
class Sends:
    """The client sends a matching message.

    Attributes:
        event: The event; None matches any but a join, a leave or a heartbeat.
        payload: The payload, which may contain `partial` and `ANY`, or a predicate of
            the payload; any payload matches if it is not given.
        topic: The topic; None matches any.

    >>> Sends("new_msg").fits(Message("1", "2", "room:1", "new_msg", {"body": "hi"}))
    True
    """

    event: str | None = None
    payload: Any = field(default=ANY)
    topic: str | None = None

    def fits(self, message: Message) -> bool:
        """Return True if a message matches."""
        if not self.fits_kind(message):
            return False
        if callable(self.payload):
            return bool(self.payload(message.payload))
        return self.payload == message.payload

    def fits_kind(self, message: Message) -> bool:
        """Return True if the event and the topic of a message match."""
        if self.event is None:
            fits_event = message.event not in LIFECYCLE
        else:
            fits_event = message.event == self.event
        return fits_event and self.topic in {None, message.topic}

    def __str__(self) -> str:
        name = getattr(self.payload, "__name__", repr(self.payload))
        payload = "" if self.payload is ANY else f" {name}"
        topic = "" if self.topic is None else f" to {self.topic}"
        return f"{self.event or 'push'}{payload}{topic}"


ClientLetter = Connects | Disconnects | Sends

CLIENT_LETTERS: Mapping[str, ClientLetter] = {
    "*": Connects(),
    "J": Sends(JOIN),
    "L": Sends(LEAVE),
    "P": Sends(),
    "h": Sends(HEARTBEAT, topic=PHOENIX),
    "!": Disconnects(),
}
"""The predefined client letters."""


# Server letters.


@dataclass(frozen=True, slots=True)
class Opens:
    """The attempt to connect succeeds."""

    def __str__(self) -> str:
        return "open"


@dataclass(frozen=True, slots=True)
class Fails:
    """The attempt to connect fails.

    Attributes:
        error: The error of the transport: a `ConnectError` or any other exception.
    """

    error: Exception = field(default_factory=lambda: ConnectError("refused"))

    def __str__(self) -> str:
        return f"attempt failed: {self.error}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The server replies to the oldest unanswered message of the client.

    Attributes:
        to: The client letter whose messages are answered.
        status: The status.
        response: The response, or a function from the message to the response.
    """

    to: str
    status: str = OK
    response: Any = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        response = f" {self.response!r}" if self.response else ""
        return f"{self.to} answered {self.status}{response}"


@dataclass(frozen=True, slots=True)
class Says:
    """The server's channel sends an event to the client.

    Attributes:
        event: The event.
        payload: The payload; or a sequence or an iterator with one payload for each
            time that the letter is played.
        topic: The channel's topic; optional while only one channel is joined.
        series: The payloads that are still to be played; None if there is only one.

    >>> Says("tick", range(3)).series is None, Says("tick", {"n": 1}).series is None
    (False, True)
    """

    event: str
    payload: Any = field(default_factory=dict[str, Any])
    topic: str | None = None
    series: Iterator[Any] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        is_series = isinstance(self.payload, Iterator | list | tuple | range)
        series = iter(cast("Iterable[Any]", self.payload)) if is_series else None
        object.__setattr__(self, "series", series)

    def __str__(self) -> str:
        payload: object = self.payload
        if not payload:
            return self.event
        shown = "…" if isinstance(payload, Iterator) else repr(payload)
        return f"{self.event} {shown}"


@dataclass(frozen=True, slots=True)
class Closes:
    """The server or the network ends the connection.

    Attributes:
        code: The close code; 1006 stands for a loss without a close frame.
        reason: The reason.
    """

    code: int = 1000
    reason: str = ""

    @property
    def is_clean(self) -> bool:
        """True if the peer sends a close frame."""
        return ConnectionLost(self.code).clean

    def __str__(self) -> str:
        reason = f" {self.reason}" if self.reason else ""
        return f"closed {self.code}{reason}" if self.is_clean else "lost"


ServerLetter = Opens | Fails | Answers | Says | Closes | Message | str | bytes
"""A `Message`, a text frame or a binary frame is sent unchanged."""

REFUSAL = {"reason": "unauthorized"}

SERVER_LETTERS: Mapping[str, ServerLetter] = {
    "o": Opens(),
    "f": Fails(),
    "j": Answers("J"),
    "r": Answers("J", "error", REFUSAL),
    "l": Answers("L"),
    "p": Answers("P"),
    "e": Answers("P", "error", {"reason": "error"}),
    "h": Answers("h"),
    "E": Says(ERROR, {"reason": "channel_crash"}),
    "C": Says(CLOSE),
    "x": Closes(),
    "#": Closes(1006),
}
"""The predefined server letters."""


def check_meaning(meaning: object) -> None:
    """Check the fields of a letter.

    Raises:
        UsageError: It is not a letter, or a field has another type.
    """
    match meaning:
        case Says(event, _, topic):
            check_instance("event", event, str, "a name")
            check_instance("topic", topic, str | None, "a topic or None")
        case Sends(event, _, topic):
            check_instance("event", event, str | None, "a name or None")
            check_instance("topic", topic, str | None, "a topic or None")
        case Answers(to, status):
            check_instance("to", to, str, "a client letter")
            check_instance("status", status, str, "a status such as 'ok'")
        case Closes(code, reason):
            is_code = is_whole(code) and code in CODES
            check(is_code, "code", "a close code from 1000 to 4999", repr(code))
            check_instance("reason", reason, str, "a text")
        case Fails(error):
            check_instance("error", error, Exception, "an exception")
        case Message() | str() | bytes() | Opens() | Connects() | Disconnects():
            pass
        case _:
            takes = "a letter such as Says('new_msg'), a Message, text or bytes"
            check(False, "its meaning", takes, repr(meaning))  # noqa: FBT003


def messages_of(meaning: object) -> Iterator[Message]:
    """Yield the messages of a letter that are known before it is played."""
    match meaning:
        case Answers(_, status, response) if not callable(response):
            payload = {"status": status, "response": response}
            yield Message(None, None, "", REPLY, payload)
        case Says(event, payload, topic) if not isinstance(payload, Iterator):
            for each in [payload] if meaning.series is None else payload:
                yield Message(None, None, topic or "", event, each)
        case Message():
            yield meaning
        case _:
            pass


def meaning_of(letter: ClientLetter | ServerLetter) -> str:
    """Describe a letter in a few words."""
    if isinstance(letter, Message):
        return f"{letter.event} {letter.payload!r} to {letter.topic}"
    return repr(letter) if isinstance(letter, str | bytes) else str(letter)


def equals_message(message: Message, other: object) -> bool:
    """Compare a message with a message, a payload, a reply or a response."""
    reply = message.reply
    values = (message, message.payload) if reply is None else (message, reply)
    return other in values or (reply is not None and other == reply.response)


class LetterValue:
    """A letter in a value lane; equal to its frame, its payload and its response.

    >>> j = LetterValue("j", Answers("J", response={"n": 1}))
    >>> j == {"n": 1}, j == Reply("ok", {"n": 1}), j == Reply("error", {"n": 1})
    (True, True, False)
    """

    def __init__(
        self, letter: str, meaning: ServerLetter, played: Iterable[object] = ()
    ) -> None:
        self.letter = letter
        self.meaning = meaning
        self._played = played

    @property
    def _is_dynamic(self) -> bool:
        """True if its payload or response is not known before it is played."""
        meaning = self.meaning
        if isinstance(meaning, Says):
            return meaning.series is not None
        return isinstance(meaning, Answers) and callable(meaning.response)

    def __eq__(self, other: object) -> bool:
        match self.meaning:
            case Answers() | Says() if self._is_dynamic:
                frames = (frame for frame in self._played if isinstance(frame, Message))
                equal = any(equals_message(frame, other) for frame in frames)
            case Opens():
                equal = other == Opened()
            case Closes(code, reason):
                equal = other == Closed(code, reason, self.meaning.is_clean)
            case Answers(_, status, response):
                reply = other.reply if isinstance(other, Message) else other
                equal = other == response or reply == Reply(status, response)
            case Says(event, payload, topic):
                equal = other == payload or (
                    isinstance(other, Message)
                    and (other.event, other.payload) == (event, payload)
                    and topic in {None, other.topic}
                )
            case Message():
                equal = equals_message(self.meaning, other)
            case _:
                equal = other == self.meaning
        return equal

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"({meaning_of(self.meaning)})"
