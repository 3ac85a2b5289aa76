"""A join by whoever is told that the last one is over."""

import gc

import pytest

from rx_phoenix import ConnectionLost, JoinRefused, UsageError


@pytest.fixture
def channel(phx):
    phx.socket.connect()
    return phx.socket.channel("room:1")


@pytest.fixture
def at(phx, channel):
    """Joins as soon as the channel is in a state, once; the new pushes."""
    pushes = []

    def at(state):
        def join(now):
            if now == state and not pushes:
                pushes.append(channel.join())

        phx.keep(channel.states.subscribe(join))
        return pushes

    return at


def test_a_join_while_leaving_is_told_is_a_join_anew(phx, channel, at):
    channel.join().receive("timeout", print)
    phx.run(server="-o-")
    pushes = at("leaving")

    channel.leave()
    phx.run(server="l")
    phx.run(server="(j2)")

    assert [push.status for push in pushes] == ["ok"]
    channel.leave()


def test_a_join_while_a_removal_is_told_is_refused(phx, channel):
    channel.join().receive("timeout", print)
    phx.run(server="-o-")
    refusals = []

    def join(state):
        if state == "leaving":
            with pytest.raises(UsageError, match="removed") as refusal:
                channel.join()
            refusals.append(refusal)

    phx.keep(channel.states.subscribe(join))
    phx.socket.remove(channel)
    phx.run(server="l")

    assert len(refusals) == 1


@pytest.mark.parametrize(
    ("lane", "error"), [("-or", JoinRefused), ("-o#", ConnectionLost)]
)
def test_a_join_while_errored_is_told_leaves_the_older_its_outcome(
    phx, channel, at, lane, error
):
    older = phx.record(channel.join())
    pushes = at("errored")

    phx.run(server=lane)

    assert isinstance(older.error, error)
    assert [push.status for push in pushes] == [None]
    channel.leave()


def test_a_refusal_that_a_rejoin_healed_is_no_matter(phx, channel):
    unhandled = phx.record(phx.socket.unhandled)
    channel.join()

    phx.run(server="-or 1s j")
    channel.leave()
    phx.run(server="l")
    gc.collect()

    assert channel.state == "closed"
    assert unhandled == phx.marbles("")
