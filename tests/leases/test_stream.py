"""``channel.stream``, ``socket.stream``: subscribing joins, and disposing leaves."""

import pytest

from rx_phoenix import (
    ChannelConflict,
    ChannelState,
    JoinRefused,
    Rejoin,
    UsageError,
)
from rx_phoenix.operators import share_latest
from rx_phoenix.testing import Says


@pytest.fixture
def stream(phx):
    phx.letters(
        a=Says("new_msg", {"body": "a"}),
        b=Says("new_msg", {"body": "b"}),
        n=Says("other", {"body": "n"}),
    )
    return phx.socket.stream("room:1", "new_msg")


@pytest.fixture
def channel(phx, stream):
    return phx.socket.channel("room:1")


def test_making_it_does_nothing(phx, stream):
    phx.run(server="--")

    phx.expect_client("")


@pytest.mark.defect(17)
def test_it_is_enough_to_connect_and_join_and_at_last_to_leave_and_close(phx, stream):
    payloads = phx.record(stream)
    phx.at(0.5, payloads.dispose)
    phx.run(server="-oja--l")

    phx.expect_client("*J---L!")
    assert payloads == phx.marbles("---a")


def test_it_hears_one_event(phx, stream):
    payloads = phx.record(stream)
    phx.keep(phx.socket.channel("room:1").events("other").subscribe())
    phx.run(server="-ojanb-")

    assert payloads == phx.marbles("---a-b")


def test_without_an_event_it_hears_every_message(phx, stream):
    messages = phx.record(phx.socket.stream("room:1"))
    phx.run(server="-ojan-")

    assert [message.event for message in messages.values] == [
        "phx_reply",
        "new_msg",
        "other",
    ]


def test_what_comes_in_the_tick_of_the_join_is_not_missed(phx, stream):
    payloads = phx.record(stream)
    phx.run(server="-o(jab)-")

    assert payloads == phx.marbles("--(ab)")


def test_what_came_before_is_not_replayed(phx, stream):
    phx.record(stream)
    phx.run(server="-oja-")

    later = phx.record(stream)
    phx.run(server="b-")

    assert later == phx.marbles("-----b")


def test_two_subscriptions_share_one_join_and_the_last_leaves(phx, stream, channel):
    first, second = phx.record(stream), phx.record(channel.stream("new_msg"))
    phx.at(0.4, first.dispose)
    phx.at(0.6, second.dispose)
    phx.run(server="-oja-b-l")

    phx.expect_client("*J----L!")
    assert first == phx.marbles("---a")
    assert second == phx.marbles("---a-b")


def test_streams_of_several_events_share_one_join(phx, stream, channel):
    phx.record(stream)
    others = phx.record(channel.stream("other"))
    phx.run(server="-ojan-")

    phx.expect_client("*J")
    assert others == phx.marbles("----n")


def test_crashes_and_lost_connections_are_gaps(phx, stream):
    payloads = phx.record(stream)
    phx.run(server="-ojaE- 1s jb#- 0.25s oja-")

    assert payloads == phx.marbles("---a-- 1s -b-- 0.25s --a")


@pytest.mark.parametrize("end", ["close", "leave", "aclose", "remove"])
def test_a_peaceful_end_completes_it(end, phx, stream, channel):
    payloads = phx.record(stream)
    phx.answers("L")
    phx.run(server="-oj-")

    {
        "close": lambda: phx.run(server="C"),
        "leave": channel.leave,
        "aclose": phx.socket.aclose,
        "remove": lambda: phx.socket.remove(channel),
    }[end]()
    phx.run(server="--")

    assert payloads == phx.marbles("----|")


def test_it_errs_when_the_rejoin_policy_gives_up(phx):
    phx.use(rejoin=Rejoin(give_up=lambda error: True))
    payloads = phx.record(phx.socket.stream("room:1"))
    phx.run(server="-or-")

    assert isinstance(payloads.error, JoinRefused)


def test_after_its_end_it_can_be_subscribed_to_anew(phx, stream):
    phx.socket.connect()
    phx.record(stream)
    phx.run(server="-ojC-")

    again = phx.record(stream)
    phx.run(server="-ja-")

    phx.expect_client("*J---J")
    assert again == phx.marbles("-------a")


def test_other_params_are_a_conflict_while_it_is_held(phx, stream):
    phx.record(phx.socket.stream("room:1", "new_msg", params={"a": 1}))
    same = phx.record(phx.socket.stream("room:1", "new_msg", params={"a": 1}))
    none = phx.record(phx.socket.stream("room:1", "new_msg"))
    other = phx.record(phx.socket.stream("room:1", "new_msg", params={"a": 2}))

    assert same.error is none.error is None
    assert isinstance(other.error, ChannelConflict)


def test_other_params_are_welcome_when_nobody_holds_it(phx, stream):
    phx.socket.connect()
    phx.answers("L")
    phx.record(phx.socket.stream("room:1", params={"a": 1})).dispose()
    phx.run(server="-o-")

    phx.record(phx.socket.stream("room:1", params={"a": 2}))

    assert [message.payload for message in phx.sent("J")] == [{"a": 2}]


def test_a_type_that_nothing_can_become_is_refused_at_the_call(phx, channel):
    with pytest.raises(UsageError, match="cannot decode payloads into"):
        channel.stream("new_msg", as_type=object())


def test_disposing_on_hearing_an_event_leaves(phx, stream):
    subscription = stream.subscribe(lambda _: subscription.dispose())
    phx.run(server="-oja-l")

    phx.expect_client("*J-L-!")


def test_subscribing_on_hearing_an_event_begins_with_the_next_one(phx, stream):
    later = []

    def come(_):
        if not later:
            later.append(phx.record(stream))

    phx.keep(stream.subscribe(come))
    phx.run(server="-ojab-")

    phx.expect_client("*J")
    assert later[0] == phx.marbles("----b")


def test_pushing_on_hearing_an_event_is_fine(phx, stream, channel):
    phx.keep(stream.subscribe(lambda _: channel.push("seen")))
    phx.run(server="-ojap-")

    phx.expect_client("*J-P")


def test_after_the_last_left_the_channel_is_closed(phx, stream, channel):
    phx.record(stream).dispose()
    phx.run(server="-")

    assert channel.state is ChannelState.CLOSED
    phx.expect_client("(*!)")


def test_a_lingering_share_leaves_a_while_after_the_last_one(phx):
    stream = phx.socket.stream("room:1").pipe(share_latest(linger=1.0))
    seen = phx.record(stream)
    phx.at(0.3, seen.dispose)
    phx.run(server="-oj 2s ")

    phx.expect_client("*J 1.1s L")
