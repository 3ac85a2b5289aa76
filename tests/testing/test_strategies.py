"""Possible lanes of a server, and how they shrink."""

import pytest
from hypothesis import HealthCheck, find, given, settings

from rx_phoenix import UsageError
from rx_phoenix.testing import Says, fresh_phx
from rx_phoenix.testing.strategies import server_lanes

FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def play(lane):
    """Play a lane to a client of one channel; return the payloads that it got."""
    with fresh_phx() as phx:
        phx.letters(m=Says("tick", {"n": 1}))
        phx.answers("h")
        channel = phx.socket.channel("room:1")
        phx.record(channel.joined)
        ticks = phx.record(channel.events("tick"))
        phx.run(server=lane)
        return len(ticks.values)


@FEW
@given(lane=server_lanes(says="m"))
def test_every_lane_is_possible(lane):
    assert play(lane) == lane.count("m")


def test_a_lane_shrinks_to_the_shortest_that_breaks_an_assertion():
    shortest = find(
        server_lanes(says="m"),
        lambda lane: lane.count("E") > 0 and lane.count("m") > 1,
        settings=settings(max_examples=2000, deadline=None, database=None),
    )

    assert sorted(shortest.replace(" 10s ", "").replace(" 15s ", "")) == sorted(
        "-ojmmE" if "mmE" in shortest else "-ojmEjm"
    )


@pytest.mark.parametrize("says", ["mo", "-", 5])
def test_a_letter_of_the_lanes_themselves_is_refused(says):
    with pytest.raises(UsageError, match=r"^says must be letters other than of#jrE"):
        server_lanes(says=says)


def test_what_an_example_leaves_behind_fails_it():
    def leave_a_lease():
        with fresh_phx() as phx:
            phx.socket.channel("room:1").joined.subscribe()

    with pytest.raises(AssertionError, match="a lease is still held"):
        leave_a_lease()


def test_an_error_of_an_example_is_raised_as_it_is():
    def fail():
        with fresh_phx() as phx:
            phx.socket.connect()
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
