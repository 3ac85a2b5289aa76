"""What the letters of a lane mean.

The client's letters say what it does, the server's what happens to it. Letters of a
test's own are values of the same classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
)
from rx_phoenix.errors import ConnectError, ConnectionLost

__all__ = [
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
    "meaning_of",
]

ANY: Any = object()
"""A payload that the test does not care about."""

LIFECYCLE = frozenset({JOIN, LEAVE, HEARTBEAT})


# What the client does.


@dataclass(frozen=True, slots=True)
class Connects:
    """The client begins an attempt to connect."""

    def __str__(self) -> str:
        return "connect"


@dataclass(frozen=True, slots=True)
class Disconnects:
    """The client ends its connection, or abandons an attempt."""

    def __str__(self) -> str:
        return "we closed"


@dataclass(frozen=True, slots=True)
class Sends:
    """The client sends a message that fits.

    Attributes:
        event: The event; None for any that is not a join, a leave or a heartbeat.
        payload: The payload, any if it is not given.
        topic: The topic, any if None.

    >>> Sends("new_msg").fits(Message("1", "2", "room:1", "new_msg", {"body": "hi"}))
    True
    """

    event: str | None = None
    payload: Any = field(default=ANY)
    topic: str | None = None

    def fits(self, message: Message) -> bool:
        """Whether a message is one of these."""
        if self.event is None:
            fits_event = message.event not in LIFECYCLE
        else:
            fits_event = message.event == self.event
        return (
            fits_event
            and self.topic in {None, message.topic}
            and (self.payload is ANY or self.payload == message.payload)
        )

    def __str__(self) -> str:
        payload = "" if self.payload is ANY else f" {self.payload!r}"
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
"""What every client lane may say."""


# What happens to the client.


@dataclass(frozen=True, slots=True)
class Opens:
    """The attempt to connect succeeds."""

    def __str__(self) -> str:
        return "open"


@dataclass(frozen=True, slots=True)
class Fails:
    """The attempt to connect fails.

    Attributes:
        error: What the transport says: a `ConnectError` or any other exception.
    """

    error: Exception = field(default_factory=lambda: ConnectError("refused"))

    def __str__(self) -> str:
        return f"attempt failed: {self.error}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The server answers the oldest message of the client's that it still owes one.

    Attributes:
        to: The client's letter whose messages are answered.
        status: The status.
        response: The body.
    """

    to: str
    status: str = OK
    response: Any = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        response = f" {self.response!r}" if self.response else ""
        return f"{self.to} answered {self.status}{response}"


@dataclass(frozen=True, slots=True)
class Says:
    """The server's channel says something to the client, by its own.

    Attributes:
        event: The event.
        payload: The payload.
        topic: The channel's topic. None is fine while one channel is joined.
    """

    event: str
    payload: Any = field(default_factory=dict[str, Any])
    topic: str | None = None

    def __str__(self) -> str:
        payload = f" {self.payload!r}" if self.payload else ""
        return f"{self.event}{payload}"


@dataclass(frozen=True, slots=True)
class Closes:
    """The connection ends, and not by the client.

    Attributes:
        code: The close code; 1006 stands for a loss without a close frame.
        reason: The reason.
    """

    code: int = 1000
    reason: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether the peer says goodbye with a close frame."""
        return ConnectionLost(self.code).clean

    def __str__(self) -> str:
        reason = f" {self.reason}" if self.reason else ""
        return f"closed {self.code}{reason}" if self.is_clean else "lost"


ServerLetter = Opens | Fails | Answers | Says | Closes | Message | str | bytes
"""A `Message`, a text or a binary frame goes out as it is."""

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
"""What every server lane may say."""


def meaning_of(letter: ClientLetter | ServerLetter) -> str:
    """What a letter means, in a few words."""
    if isinstance(letter, Message):
        return f"{letter.event} {letter.payload!r} to {letter.topic}"
    return repr(letter) if isinstance(letter, str | bytes) else str(letter)


class LetterValue:
    """A letter in a value lane: it equals its frame, its payload or its response.

    >>> j = LetterValue("j", Answers("J", response={"n": 1}))
    >>> j == {"n": 1}, j == Reply("ok", {"n": 1}), j == Reply("error", {"n": 1})
    (True, True, False)
    """

    def __init__(self, letter: str, meaning: ServerLetter) -> None:
        self.letter = letter
        self.meaning = meaning

    def __eq__(self, other: object) -> bool:
        match self.meaning:
            case Opens():
                return other == Opened()
            case Closes(code, reason):
                return other == Closed(code, reason, self.meaning.is_clean)
            case Answers(_, status, response):
                reply = other.reply if isinstance(other, Message) else other
                return other == response or reply == Reply(status, response)
            case Says(event, payload, topic):
                return other == payload or (
                    isinstance(other, Message)
                    and (other.event, other.payload) == (event, payload)
                    and topic in {None, other.topic}
                )
            case Message():
                return other in (self.meaning, self.meaning.payload)
            case _:
                return other == self.meaning

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"({meaning_of(self.meaning)})"
