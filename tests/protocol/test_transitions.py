"""The tables of transitions, cell by cell."""

import pytest

from rx_phoenix._protocol.transitions import (
    CONNECTION_TRANSITIONS,
    DEMAND_TRANSITIONS,
    SOCKET_STATES,
    ConnectionEvent,
    ConnectionState,
    DemandEvent,
    DemandState,
)

# A dot is an event that changes nothing there.

CONNECTION = """
                     idle        connecting  open        departing   closing  waiting     refreshing  given_up
attempt begun        connecting  .           .           .           .        connecting  .           .
opened               .           open        .           .           .        .           .           .
departure begun      .           .           departing   .           .        .           .           .
retry scheduled      .           waiting     waiting     waiting     .        .           waiting     .
credentials refused  .           refreshing  refreshing  refreshing  .        .           .           .
gave up              .           given_up    given_up    given_up    .        given_up    given_up    .
close begun          .           .           closing     closing     .        .           .           .
closed               .           idle        idle        idle        idle     idle        idle        idle
"""  # noqa: E501
DEMAND = """
              active  paused  ended
connect()     .       active  .
disconnect()  paused  .       .
aclose()      ended   ended   .
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


@pytest.mark.parametrize(("state", "event", "arrival"), cells(CONNECTION))
def test_a_cell_of_the_connections_table(state, event, arrival):
    row = CONNECTION_TRANSITIONS[ConnectionState(state)]

    assert row.get(ConnectionEvent(event)) == arrival


@pytest.mark.parametrize(("state", "event", "arrival"), cells(DEMAND))
def test_a_cell_of_the_demands_table(state, event, arrival):
    row = DEMAND_TRANSITIONS[DemandState(state)]

    assert row.get(DemandEvent(event)) == arrival


@pytest.mark.parametrize("state", ConnectionState)
def test_a_socket_is_closed_unless_an_attempt_or_a_connection_is_there(state):
    seen = {
        "connecting": "connecting",
        "open": "open",
        "departing": "open",
        "closing": "closing",
    }

    assert SOCKET_STATES[state] == seen.get(state, "closed")


TABLES = [
    (CONNECTION, CONNECTION_TRANSITIONS, ConnectionState, ConnectionEvent),
    (DEMAND, DEMAND_TRANSITIONS, DemandState, DemandEvent),
]


@pytest.mark.parametrize(("drawing", "table", "states", "events"), TABLES)
def test_the_drawing_has_every_state_and_every_event(drawing, table, states, events):
    drawn = cells(drawing)

    assert {state for state, _, _ in drawn} == set(states) == table.keys()
    assert {event for _, event, _ in drawn} == set(events)


@pytest.mark.parametrize("table", [CONNECTION_TRANSITIONS, DEMAND_TRANSITIONS])
def test_every_state_can_be_reached(table):
    arrivals = {arrival for row in table.values() for arrival in row.values()}

    assert arrivals == table.keys()
