"""The house: the parts, and how a frame walks through them."""

from typing import NamedTuple

from scripts.drawings.svg import Canvas

__all__ = ["PARTS", "house"]

OUT, IN, SIDE = 236.0, 456.0, 692.0
"""The middles of the three columns: the way out, the way in, and what is beside."""

HALF, HIGH = 92.0, 58.0
"""Half the width of a part, and its height."""


class Part(NamedTuple):
    """A part of the library.

    Attributes:
        x: Its middle.
        y: Its upper edge.
        name: What it is called.
        does: What it does, in a few words.
        home: Its file or folder in the package; empty for what is outside.
    """

    x: float
    y: float
    name: str
    does: str
    home: str = ""


PARTS = [
    Part(OUT, 24, "await, receive", "its outcome"),
    Part(IN, 24, "subscribe, on", "events"),
    Part(SIDE, 24, "your code", "one thread, one loop"),
    Part(OUT, 126, "Push", "one outcome, kept", "push.py"),
    Part(IN, 126, "Channel", "by event; replies by ref", "channel.py"),
    Part(SIDE, 126, "Presence", "listens, never joins", "presence.py"),
    Part(
        OUT,
        228,
        "outbox, send buffer",
        "waits for the join; bounded",
        "_channel/outbox.py",
    ),
    Part(IN, 228, "router", "looks up the topic", "_connection/router.py"),
    Part(SIDE, 228, "connection", "attempts, one at a time", "_connection/manager.py"),
    Part(OUT, 330, "encode", "a Message to a frame", "_protocol/serializer.py"),
    Part(IN, 330, "decode", "a frame to a Message", "_protocol/serializer.py"),
    Part(
        SIDE,
        330,
        "heartbeat, reconnect",
        "lost? when to retry",
        "_connection/reconnect.py",
    ),
    Part(OUT, 432, "writer", "one for each connection", "_transport"),
    Part(IN, 432, "reader", "one for each connection", "_transport"),
    Part(SIDE, 432, "scheduler, random", "time and chance", "_streams"),
]

FLOORS = ["you", "nouns", "socket", "frames", "transport"]


def house() -> str:
    """Draw the floors, the ways through them, and the parts."""
    canvas = Canvas(812, 588, "The parts of the library, and the path of a frame")
    for number, floor in enumerate(FLOORS):
        y = 12.0 + 102 * number
        canvas.box(4, y, IN + HALF + 12, HIGH + 24, "floor")
        canvas.text(22, y + HIGH / 2 + 12, floor, "start soft")
    for y in range(82, 525, 102):
        canvas.arrow(f"M{OUT:g} {y}V{y + 36}", (OUT, y + 44), 90)
        canvas.arrow(f"M{IN:g} {y + 44}V{y + 8}", (IN, y), -90)
    canvas.arrow(f"M{IN - HALF:g} 155H{OUT + HALF + 8:g}", (OUT + HALF, 155), 180)
    canvas.arrow(f"M{IN + HALF:g} 155H{SIDE - HALF - 8:g}", (SIDE - HALF, 155), 0)
    for x, y, name, does, home in PARTS:
        canvas.box(x - HALF, y, 2 * HALF, HIGH, "key" if home else "box")
        canvas.text(x, y + 21, name, "strong")
        canvas.text(x, y + 40, does, "soft")
    canvas.box(OUT - HALF, 534, IN - OUT + 2 * HALF, 42)
    canvas.text((OUT + IN) / 2, 555, "Phoenix, or the server in the box", "strong")
    return str(canvas)
