"""The downtimes of a channel, in virtual time."""

from rx_phoenix import ChannelState
from rx_phoenix_demo.downtime import Downtime, downtimes

STATES = {
    "c": ChannelState.CLOSED,
    "i": ChannelState.JOINING,
    "j": ChannelState.JOINED,
    "e": ChannelState.ERRORED,
}


def shown(time, marbles):
    """The downtimes among the states of a channel."""
    states = time.hot(marbles, STATES)
    return time.expect(downtimes(states, time.scheduler.wall_clock))


def test_a_downtime_lasts_from_the_loss_to_the_rejoin(phx_timeline):
    shown(phx_timeline, "ci-j--e-i--j--").to_be(
        "-----------d--", {"d": Downtime(0.6, 1.1)}
    )


def test_the_time_before_the_first_join_is_no_downtime(phx_timeline):
    shown(phx_timeline, "ciei-j-").to_be("-------")


def test_a_downtime_that_lasts_is_not_known_yet(phx_timeline):
    shown(phx_timeline, "j--e-i-e-").to_be("---------")


def test_each_downtime_counts(phx_timeline):
    shown(phx_timeline, "j-ej--ei-j").to_be(
        "---a-----b", {"a": Downtime(0.2, 0.3), "b": Downtime(0.6, 0.9)}
    )
