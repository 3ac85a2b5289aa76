"""The tables of transitions, cell by cell."""

import pytest

from rx_phoenix._protocol.names import ChannelState, SocketState
from rx_phoenix._protocol.transitions import (
    CHANNEL_TRANSITIONS,
    SOCKET_TRANSITIONS,
    ChannelEvent,
    SocketEvent,
)

# A dot is an event that changes nothing there.

CHANNEL = """
                      closed   joining  joined   errored  leaving
join begun            joining  .        .        joining  .
join accepted         .        joined   .        .        .
join refused          .        errored  .        .        .
join timed out        .        errored  .        .        .
crashed               .        errored  errored  errored  closed
connection lost       .        errored  errored  .        closed
leave sent            .        leaving  leaving  .        .
left                  .        closed   closed   closed   closed
closed by the server  .        closed   closed   closed   closed
"""

SOCKET = """
                connecting  open     closing     closed
attempt begun   .           .        connecting  connecting
opened          open        .        .           .
failed or lost  closed      closed   .           .
close begun     .           closing  .           .
closed          closed      closed   closed      .
"""


def cells(drawing):
    """State, event and arrival of each cell; None for a dot."""
    header, *rows = drawing.strip("\n").splitlines()
    states = header.split()
    rows = [row.split() for row in rows]
    return [
        (state, " ".join(row[: -len(states)]), None if arrival == "." else arrival)
        for row in rows
        for state, arrival in zip(states, row[-len(states) :], strict=True)
    ]


@pytest.mark.parametrize(("state", "event", "arrival"), cells(CHANNEL))
def test_a_cell_of_the_channels_table(state, event, arrival):
    row = CHANNEL_TRANSITIONS[ChannelState(state)]

    assert row.get(ChannelEvent(event)) == arrival


@pytest.mark.parametrize(("state", "event", "arrival"), cells(SOCKET))
def test_a_cell_of_the_sockets_table(state, event, arrival):
    row = SOCKET_TRANSITIONS[SocketState(state)]

    assert row.get(SocketEvent(event)) == arrival


@pytest.mark.parametrize(
    ("drawing", "states", "events"),
    [(CHANNEL, ChannelState, ChannelEvent), (SOCKET, SocketState, SocketEvent)],
)
def test_the_drawing_has_every_state_and_every_event(drawing, states, events):
    drawn = cells(drawing)

    assert {state for state, _, _ in drawn} == set(states)
    assert {event for _, event, _ in drawn} == set(events)


@pytest.mark.parametrize("table", [CHANNEL_TRANSITIONS, SOCKET_TRANSITIONS])
def test_every_state_has_a_row_and_every_arrival_is_a_state_of_the_table(table):
    arrivals = {arrival for row in table.values() for arrival in row.values()}

    assert arrivals == table.keys()
