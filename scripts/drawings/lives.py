"""The life of a channel and of a socket, drawn from their tables."""

from collections.abc import Mapping
from enum import StrEnum
from math import atan2, degrees, hypot

from rx_phoenix._channel.membership import CHANNEL_TRANSITIONS
from rx_phoenix._protocol.names import ChannelState
from rx_phoenix._protocol.transitions import (
    CONNECTION_TRANSITIONS,
    ConnectionState,
)
from scripts.drawings.svg import Canvas

__all__ = ["channel_life", "socket_life"]

Point = tuple[float, float]
Life = Mapping[StrEnum, Mapping[StrEnum, StrEnum]]

WIDE, HIGH = 62.0, 24.0
"""Half of a state's width and height."""

CHANNEL_PLACES: Mapping[StrEnum, Point] = {
    ChannelState.CLOSED: (74, 270),
    ChannelState.JOINING: (440, 270),
    ChannelState.JOINED: (806, 270),
    ChannelState.ERRORED: (440, 78),
    ChannelState.LEAVING: (440, 430),
}
SOCKET_PLACES: Mapping[StrEnum, Point] = {
    ConnectionState.IDLE: (74, 250),
    ConnectionState.CONNECTING: (440, 250),
    ConnectionState.OPEN: (806, 250),
    ConnectionState.WAITING: (440, 78),
    ConnectionState.REFRESHING: (760, 78),
    ConnectionState.GIVEN_UP: (120, 78),
    ConnectionState.CLOSING: (440, 430),
}
BENDS: Mapping[tuple[StrEnum, StrEnum], float] = {
    (ChannelState.ERRORED, ChannelState.JOINING): 130,
    (ChannelState.JOINING, ChannelState.ERRORED): 130,
    (ChannelState.JOINED, ChannelState.CLOSED): -520,
    (ConnectionState.OPEN, ConnectionState.IDLE): 230,
}
"""How far a line swings out to its right, where others stand in its way."""

BESIDE = 46.0
"""How far it does if there is a line in the other direction."""


def channel_life() -> str:
    """The states of a channel, and what moves it from one to another."""
    return draw(
        CHANNEL_TRANSITIONS, CHANNEL_PLACES, Canvas(880, 560, "The life of a channel")
    )


def socket_life() -> str:
    """The states of a socket's connection, and what moves it from one to another.

    One that departs ends as an open one does, by the same lines.
    """
    shown = {ConnectionState.DEPARTING: ConnectionState.OPEN}
    life = {
        state: {event: shown.get(arrival, arrival) for event, arrival in moves.items()}
        for state, moves in CONNECTION_TRANSITIONS.items()
        if state not in shown
    }
    return draw(life, SOCKET_PLACES, Canvas(880, 480, "The life of a socket"))


def draw(life: Life, places: Mapping[StrEnum, Point], canvas: Canvas) -> str:
    """Draw the lines first, so that words stand above them."""
    edges: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for state, moves in life.items():
        for event, arrival in moves.items():
            edges.setdefault((state, arrival), []).append(event)
    labels = [
        loop(canvas, places[a]) if a == b else edge(canvas, places, a, b, edges)
        for a, b in edges
    ]
    for (x, y), events in zip(labels, edges.values(), strict=True):
        canvas.lines(x, y, events, "soft halo")
    for state, (x, y) in places.items():
        kind = "key" if state in {ChannelState.JOINED, ConnectionState.OPEN} else "box"
        canvas.box(x - WIDE, y - HIGH, 2 * WIDE, 2 * HIGH, kind)
        canvas.text(x, y, state, "strong")
    return str(canvas)


def loop(canvas: Canvas, place: Point) -> Point:
    """Draw a line from a state to itself; returns where its words belong."""
    x, y = place[0], place[1] + HIGH
    course = f"M{x - 18:g} {y:g}C{x - 34:g} {y + 44:g} {x + 34:g} {y + 44:g} "
    canvas.arrow(f"{course}{x + 18:g} {y:g}", (x + 18, y), -112)
    return x, y + 42


def edge(
    canvas: Canvas,
    places: Mapping[StrEnum, Point],
    departure: StrEnum,
    arrival: StrEnum,
    edges: Mapping[tuple[StrEnum, StrEnum], list[str]],
) -> Point:
    """Draw a line from a state to another; returns where its words belong."""
    (x1, y1), (x2, y2) = places[departure], places[arrival]
    beside = BESIDE if (arrival, departure) in edges else 0.0
    bend = BENDS.get((departure, arrival), beside)
    length = hypot(x2 - x1, y2 - y1)
    right = -(y2 - y1) / length, (x2 - x1) / length
    middle = (x1 + x2) / 2 + bend * right[0], (y1 + y2) / 2 + bend * right[1]
    start, tip = rim((x1, y1), middle), rim((x2, y2), middle)
    course = f"M{start[0]:.1f} {start[1]:.1f}Q{middle[0]:.1f} {middle[1]:.1f} "
    turn = degrees(atan2(tip[1] - middle[1], tip[0] - middle[0]))
    canvas.arrow(f"{course}{tip[0]:.1f} {tip[1]:.1f}", tip, turn)
    return (
        (start[0] + 2 * middle[0] + tip[0]) / 4,
        (start[1] + 2 * middle[1] + tip[1]) / 4,
    )


def rim(place: Point, towards: Point) -> Point:
    """Where a line from the middle of a state leaves its box."""
    dx, dy = towards[0] - place[0], towards[1] - place[1]
    share = min(
        WIDE / abs(dx) if dx else float("inf"), HIGH / abs(dy) if dy else float("inf")
    )
    return place[0] + dx * share, place[1] + dy * share
