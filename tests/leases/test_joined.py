"""``channel.joined``: a lease of the membership, which heals."""

import pytest

from rx_phoenix import (
    Channel,
    ChannelState,
    JoinRefused,
    Rejoin,
    UsageError,
)
from rx_phoenix.testing import Answers, Says

FIRST, SECOND = {"n": 1}, {"n": 2}


@pytest.fixture
def channel(phx):
    phx.letters(
        i=Answers("J", response=FIRST),
        k=Answers("J", response=SECOND),
        a=Says("new_msg", {"body": "a"}),
    )
    return phx.socket.channel("room:1")


def test_looking_at_it_does_nothing(phx, channel):
    assert channel.joined is channel.joined
    phx.run(server="--")

    phx.expect_client("")
    assert channel.state is ChannelState.CLOSED


def test_the_first_subscription_joins_and_the_last_disposal_leaves(phx, channel):
    first, second = phx.record(channel.joined), phx.record(channel.joined)
    phx.at(0.3, first.dispose)
    phx.at(0.5, second.dispose)
    phx.run(server="-oi---l")

    phx.expect_client("*J---L!")
    assert first == second == phx.marbles("--i")
    assert channel.state is ChannelState.CLOSED


def test_who_comes_while_joined_gets_the_reply_at_once(phx, channel):
    phx.record(channel.joined)
    phx.run(server="-oi-")

    later = phx.record(channel.joined)

    phx.expect_client("*J")
    assert later == phx.marbles("----i")


def test_who_comes_while_joining_takes_part(phx, channel):
    phx.record(channel.joined)
    phx.run(server="-o-")

    later = phx.record(channel.joined)
    phx.run(server="-i-")

    phx.expect_client("*J")
    assert later == phx.marbles("----i")


def test_who_comes_between_two_joins_gets_no_old_reply(phx, channel):
    phx.record(channel.joined)
    phx.run(server="-oiE-")

    later = phx.record(channel.joined)
    phx.run(server=" 1s k")

    assert later == phx.marbles("----- 1s k")


def test_a_crash_is_a_gap_and_the_rejoins_reply_a_value(phx, channel):
    replies = phx.record(channel.joined)
    phx.run(server="-oiE- 1s k-")

    phx.expect_client("*J- 1s J")
    assert replies == phx.marbles("--i-- 1s k")


def test_a_lost_connection_is_a_gap_and_the_rejoins_reply_a_value(phx, channel):
    replies = phx.record(channel.joined)
    phx.run(server="-oi#- 0.25s ok-")

    phx.expect_client("*J- 0.25s *-J")
    assert replies == phx.marbles("--i-- 0.25s -k")


def test_a_refusal_is_retried(phx, channel):
    replies = phx.record(channel.joined)
    phx.run(server="-or- 1s i-")

    phx.expect_client("*J 1s J")
    assert replies == phx.marbles("---- 1s i")


def test_a_join_without_an_answer_is_retried(phx, channel):
    replies = phx.record(channel.joined)
    phx.answers("h")
    phx.run(server="-o 12s (i2)-")

    phx.expect_client("*J 9.9s L 0.9s J")
    assert replies == phx.marbles("-- 12s i")


def test_it_errs_when_the_rejoin_policy_gives_up(phx):
    phx.use(rejoin=Rejoin(give_up=lambda error: True))
    channel = phx.socket.channel("room:1")
    first, second = phx.record(channel.joined), phx.record(channel.joined)
    phx.run(server="-or-")

    phx.expect_client("*J!")
    assert isinstance(first.error, JoinRefused)
    assert first.error.response == {"reason": "unauthorized"}
    assert first.error is not second.error
    assert channel.state is ChannelState.CLOSED


def test_after_an_error_the_next_subscription_joins_anew(phx):
    phx.use(rejoin=Rejoin(give_up=lambda error: True))
    channel = phx.socket.channel("room:1")
    phx.socket.connect()
    first = phx.record(channel.joined)
    phx.run(server="-or-")

    again = phx.record(channel.joined)
    phx.run(server="-j-")

    phx.expect_client("*J--J")
    assert first == phx.marbles("--#", error=JoinRefused)
    assert again == phx.marbles("-----j")


def test_the_servers_close_completes_it(phx, channel):
    first, second = phx.record(channel.joined), phx.record(channel.joined)
    phx.run(server="-oi-C-")

    assert first == second == phx.marbles("--i-|")
    assert channel.state is ChannelState.CLOSED


def test_leave_completes_it_at_once_whoever_holds_it(phx, channel):
    replies = phx.record(channel.joined)
    phx.at(0.3, channel.leave)
    phx.run(server="-oi--l")

    phx.expect_client("*J-L-!")
    assert replies == phx.marbles("--i|")


def test_the_end_of_the_socket_completes_it(phx, channel):
    replies = phx.record(channel.joined)
    phx.at(0.3, phx.socket.aclose)
    phx.run(server="-oi--")

    assert replies == phx.marbles("--i|")


def test_after_a_close_the_next_subscription_joins_anew(phx, channel):
    phx.socket.connect()
    phx.record(channel.joined)
    phx.run(server="-oi-C-")

    again = phx.record(channel.joined)
    phx.run(server="-k-")

    phx.expect_client("*J----J")
    assert again == phx.marbles("------ -k")


def test_leaving_before_the_join_is_sent_sends_nothing(phx, channel):
    phx.socket.connect()
    phx.record(channel.joined).dispose()
    phx.run(server="-o-")

    phx.expect_client("*")
    assert channel.state is ChannelState.CLOSED


def test_leaving_while_joining_sends_the_leave(phx, channel):
    replies = phx.record(channel.joined)
    phx.at(0.2, replies.dispose)
    phx.run(server="-o-l-")

    phx.expect_client("*JL!")


def test_join_is_one_more_want(phx, channel):
    channel.join()
    replies = phx.record(channel.joined)
    phx.run(server="-oi-")

    replies.dispose()
    phx.run(server="---")

    phx.expect_client("*J")
    assert channel.state is ChannelState.JOINED


def test_a_subscription_is_enough_to_keep_what_was_joined(phx, channel):
    channel.join()
    phx.run(server="-oi-")

    replies = phx.record(channel.joined)
    channel.leave()
    phx.run(server="-l-")

    assert replies == phx.marbles("----(i|)")


def test_leaving_on_hearing_of_the_join_leaves(phx, channel):
    subscription = channel.joined.subscribe(lambda _: subscription.dispose())
    phx.run(server="-oi-l")

    phx.expect_client("*JL-!")


def test_who_joins_again_on_hearing_the_end_is_served(phx, channel):
    again = []
    phx.socket.connect()
    phx.keep(
        channel.joined.subscribe(
            on_completed=lambda: again.append(phx.record(channel.joined))
        )
    )
    phx.run(server="-oiC-k-")

    phx.expect_client("*J-J")
    assert again[0] == phx.marbles("-----k")


def test_a_channel_without_a_socket_is_a_mistake():
    with pytest.raises(UsageError, match="has no socket"):
        Channel("room:1").joined.subscribe()
