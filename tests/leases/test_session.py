"""``channel.session``: one attempt to be in the channel."""

import pytest

from rx_phoenix import (
    ChannelCrashed,
    ChannelState,
    ConnectionLost,
    JoinRefused,
    PushTimeout,
)
from rx_phoenix.operators import retry_with_backoff
from rx_phoenix.policy import Backoff
from rx_phoenix.testing import Answers

FIRST, SECOND = {"n": 1}, {"n": 2}


@pytest.fixture
def channel(phx):
    phx.letters(i=Answers("J", response=FIRST), k=Answers("J", response=SECOND))
    phx.socket.connect()
    return phx.socket.channel("room:1")


def test_looking_at_it_does_nothing(phx, channel):
    assert channel.session is channel.session
    phx.run(server="-o-")

    phx.expect_client("*")


def test_subscribing_joins_and_disposing_leaves(phx, channel):
    replies = phx.record(channel.session)
    phx.at(0.4, replies.dispose)
    phx.run(server="-oi--l")

    phx.expect_client("*J--L")
    assert replies == phx.marbles("--i")


def test_it_is_enough_to_connect(phx):
    replies = phx.record(phx.socket.channel("room:1").session)
    phx.run(server="-oj-")

    phx.expect_client("*J")
    assert replies == phx.marbles("--j")


def test_while_joining_it_takes_part_in_that_join(phx, channel):
    channel.join()
    phx.run(server="-o-")

    replies = phx.record(channel.session)
    phx.run(server="i-")

    phx.expect_client("*J")
    assert replies == phx.marbles("---i")


def test_while_joined_it_gets_the_reply_at_once(phx, channel):
    channel.join()
    phx.run(server="-oi-")

    replies = phx.record(channel.session)

    phx.expect_client("*J")
    assert replies == phx.marbles("----i")


def test_two_subscribers_share_one_join_and_the_last_leaves(phx, channel):
    first, second = phx.record(channel.session), phx.record(channel.session)
    phx.at(0.3, first.dispose)
    phx.at(0.5, second.dispose)
    phx.run(server="-oi---l")

    phx.expect_client("*J---L")
    assert first == second == phx.marbles("--i")


@pytest.mark.parametrize(
    ("server", "error"),
    [
        ("-or-", JoinRefused),
        ("-oiE", ChannelCrashed),
        ("-oi#", ConnectionLost),
        ("-o#", ConnectionLost),
    ],
)
def test_a_failure_is_its_error_and_it_does_not_rejoin(server, error, phx, channel):
    replies = phx.record(channel.session)
    phx.run(server=server)

    assert isinstance(replies.error, error)
    assert channel.state is ChannelState.CLOSED


def test_a_join_without_an_answer_is_its_error(phx, channel):
    phx.answers("h")
    replies = phx.record(channel.session)
    phx.run(server="-o 11s ")

    phx.expect_client("*J 9.8s L")
    assert isinstance(replies.error, PushTimeout)


def test_a_connection_that_does_not_come_is_not_an_end_yet(phx, channel):
    replies = phx.record(channel.session)
    phx.run(server="-f- 0.25s oi-")

    assert replies == phx.marbles("--- 0.25s -i")


@pytest.mark.parametrize("end", ["close", "leave", "aclose"])
def test_a_peaceful_end_completes_it(end, phx, channel):
    replies = phx.record(channel.session)
    phx.run(server="-oi-")

    if end == "close":
        phx.run(server="C")
    elif end == "leave":
        channel.leave()
        phx.run(server="-l")
    else:
        phx.wait_for(phx.socket.aclose())

    assert replies == phx.marbles("--i-|")


def test_its_end_releases_its_want(phx, channel):
    session = phx.record(channel.session)
    phx.run(server="-oiE 30s ")

    phx.expect_client("*J 24.9s h")
    assert session == phx.marbles("--i#", error=ChannelCrashed)
    assert channel.state is ChannelState.CLOSED


def test_its_end_leaves_alone_what_others_want(phx, channel):
    session = phx.record(channel.session)
    joined = phx.record(channel.joined)
    phx.run(server="-oiE- 1s k-")

    assert isinstance(session.error, ChannelCrashed)
    assert joined == phx.marbles("--i-- 1s k")


def test_who_subscribes_after_its_end_joins_anew(phx, channel):
    failed = phx.record(channel.session)
    phx.run(server="-or-")

    again = phx.record(channel.session)
    phx.run(server="-i-")

    phx.expect_client("*J--J")
    assert failed.error is not None
    assert again == phx.marbles("-----i")


def test_who_subscribes_on_hearing_of_its_end_joins_anew(phx, channel):
    again = []
    phx.keep(
        channel.session.subscribe(
            on_error=lambda _: again.append(phx.record(channel.session))
        )
    )
    phx.run(server="-or-i-")

    phx.expect_client("*JJ")
    assert again[0] == phx.marbles("----i")


def test_disposing_on_hearing_of_the_join_leaves(phx, channel):
    subscription = channel.session.subscribe(lambda _: subscription.dispose())
    phx.run(server="-oi-l")

    phx.expect_client("*JL")


def test_with_retry_with_backoff_it_heals_by_the_users_own_policy(phx, channel):
    told = []
    replies = phx.record(
        channel.session.pipe(
            retry_with_backoff(
                Backoff(0.5), on_retry=lambda retry: told.append(retry.error)
            )
        )
    )
    phx.run(server="-or-- 0.3s i-E----- k-")

    phx.expect_client("*J 0.5s J 0.7s J")
    assert [type(error) for error in told] == [JoinRefused, ChannelCrashed]
    assert replies.values == [FIRST, SECOND]
