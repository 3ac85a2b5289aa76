"""The actions of both ends of a simulated network, as lanes."""

from collections.abc import Callable

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import PHOENIX
from rx_phoenix._protocol.serializer import Frame, Serializer, SerializerV2
from rx_phoenix.testing._marbles.client_lane import ClientLane
from rx_phoenix.testing._marbles.diff import lines_of
from rx_phoenix.testing._marbles.drawing import draw
from rx_phoenix.testing._marbles.parser import TICK
from rx_phoenix.testing._transports.frames import message_from_client

__all__ = ["LEGEND", "Lanes"]

ANSWERS = {"J": "jr", "L": "ll", "P": "pe"}
"""The letters of an answer ``ok``, and of any other."""

EVENTS = {"phx_error": "E", "phx_close": "C"}

LATEST = 60
"""The most actions that are drawn."""

LEGEND = "m is a message of a channel, and ~ the silence of a network"


class Lanes:
    """The two lanes of a network; heartbeats are left out.

    Args:
        clock: Returns the time.

    Attributes:
        serializer: The client's.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._events: list[tuple[float, str, str]] = []
        self._letters = ClientLane()
        self._asked: dict[str | None, str] = {}
        self.serializer: Serializer = SerializerV2()

    def client(self, letter: str) -> None:
        """Record an action of the client."""
        self._add("client", letter)

    def server(self, letter: str) -> None:
        """Record an action of the server or the network."""
        self._add("server", letter)

    def client_frame(self, frame: Frame) -> None:
        """Record a frame of the client."""
        message = message_from_client(frame, self.serializer)
        if message.topic != PHOENIX:
            letter = self._letters.letter_of(message)
            self._asked[message.ref] = letter
            self._add("client", letter)

    def server_frame(self, frame: Frame) -> None:
        """Record a frame of the server, as it arrives."""
        message = self.serializer.decode(frame)
        if message.topic != PHOENIX:
            self._add("server", self._letter_of(message))

    def _letter_of(self, message: Message) -> str:
        reply = message.reply
        if reply is None:
            return EVENTS.get(message.event, "m")
        letters = ANSWERS[self._asked.get(message.ref, "P")]
        return letters[reply.status != "ok"]

    def _add(self, lane: str, letter: str) -> None:
        time = round(round(self._clock() / TICK) * TICK, 9)
        self._events.append((time, lane, letter))

    def drawn(self) -> list[str]:
        """Draw the latest actions, as lines."""
        latest = self._events[-LATEST:]
        lanes = {
            name: [(time, letter) for time, lane, letter in latest if lane == name]
            for name in ("server", "client")
        }
        return lines_of(draw(lanes), width=6)
