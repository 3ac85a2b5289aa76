"""Which channel has a topic, and who gets its messages."""

import gc

import pytest

from rx_phoenix._connection.registry import ChannelRegistry
from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import ChannelConflict


class Channel:
    """A member that writes down what it is told."""

    def __init__(self, name, topic="room:1"):
        self.name = name
        self.topic = topic
        self.told = []

    def __repr__(self):
        return self.name

    def receive(self, message):
        self.told.append(message.event)

    def opened(self):
        self.told.append("opened")


@pytest.fixture
def members():
    return ChannelRegistry()


@pytest.fixture
def join(members):
    """A channel that takes its topic and is busy."""

    def join(name, topic="room:1"):
        channel = Channel(name, topic)
        members.add(channel)
        members.keep(channel)
        return channel

    return join


def deliver(members, event, topic="room:1"):
    members.routes[topic].receive(Message(None, None, topic, event, {}))


# Who has a topic.


def test_a_topic_that_nobody_took_has_no_channel(members):
    assert members.find("room:1") is None


def test_a_topic_has_the_channel_that_took_it(members):
    channel = Channel("one")
    members.add(channel)

    assert members.find("room:1") is channel


def test_a_channel_may_take_its_topic_again(members):
    channel = Channel("one")
    members.add(channel)
    members.add(channel)

    assert members.find("room:1") is channel


def test_a_topic_that_is_taken_cannot_be_taken(members):
    holder = Channel("one")
    members.add(holder)

    with pytest.raises(ChannelConflict) as caught:
        members.add(Channel("two"))

    assert members.find("room:1") is holder
    assert str(caught.value) == (
        "the topic 'room:1' has a channel already: get it with "
        "socket.channel('room:1'), or remove() it first"
    )


def test_each_topic_has_a_channel_of_its_own(members):
    one, two = Channel("one", "room:1"), Channel("two", "room:2")
    members.add(one)
    members.add(two)

    assert (members.find("room:1"), members.find("room:2")) == (one, two)


def test_an_idle_channel_that_nobody_else_holds_is_forgotten(members):
    members.add(Channel("one"))
    gc.collect()

    assert members.find("room:1") is None
    assert members.all() == ()


def test_a_topic_whose_channel_was_forgotten_can_be_taken(members):
    members.add(Channel("one"))
    gc.collect()
    two = Channel("two")
    members.add(two)

    assert members.find("room:1") is two


def test_a_busy_channel_is_held(members, join):
    join("one")
    gc.collect()

    assert str(members.find("room:1")) == "one"


def test_a_channel_that_became_idle_is_held_no_longer(members, join):
    members.let_go(join("one"))
    gc.collect()

    assert members.find("room:1") is None


# Who gets messages.


def test_an_idle_channel_gets_no_messages(members):
    channel = Channel("one")
    members.add(channel)

    assert members.routes == {}


def test_a_busy_channel_gets_the_messages_of_its_topic(members, join):
    one, two = join("one", "room:1"), join("two", "room:2")
    deliver(members, "shout")

    assert (one.told, two.told) == (["shout"], [])


def test_a_channel_that_became_idle_gets_no_more_messages(members, join):
    members.let_go(join("one"))

    assert members.routes == {}


def test_a_channel_is_kept_once_however_often_it_is_asked_for(members, join):
    channel = join("one")
    members.keep(channel)

    assert list(members) == [channel]
    members.let_go(channel)
    assert list(members) == []


def test_who_has_no_topic_cannot_be_kept(members, join):
    holder = join("one")
    members.keep(Channel("two"))
    deliver(members, "shout")

    assert list(members) == [holder]
    assert holder.told == ["shout"]


@pytest.mark.parametrize("is_known", [False, True])
def test_letting_go_of_an_idle_channel_is_no_matter(members, is_known):
    channel = Channel("one")
    if is_known:
        members.add(channel)
    members.let_go(channel)

    assert list(members) == []


def test_letting_go_of_one_channel_leaves_another_its_topic(members, join):
    holder = join("one")
    members.let_go(Channel("two"))
    deliver(members, "shout")

    assert holder.told == ["shout"]


def test_the_busy_ones_come_in_the_order_in_which_they_became_so(members):
    one, two, idle = (
        Channel("one", "room:1"),
        Channel("two", "room:2"),
        Channel("idle", "room:3"),
    )
    for channel in (one, two, idle):
        members.add(channel)
    members.keep(two)
    members.keep(one)

    assert list(members) == [two, one]


def test_all_are_the_idle_ones_too(members, join):
    busy, idle = join("busy"), Channel("idle", "room:2")
    members.add(idle)

    assert set(members.all()) == {busy, idle}


def test_who_becomes_busy_while_all_are_told_is_not_told(members, join):
    join("one")

    for channel in members:
        assert str(channel) == "one"
        join("two", "room:2")

    assert len(list(members)) == 2


# Removed, and not closed yet.


def test_a_removed_channel_frees_its_topic(members, join):
    members.retire(join("one"))
    two = Channel("two")
    members.add(two)

    assert members.find("room:1") is two


def test_a_removed_channel_gets_messages_until_it_is_closed(members, join):
    one = join("one")
    members.retire(one)
    deliver(members, "phx_reply")
    members.dismiss(one)

    assert one.told == ["phx_reply"]
    assert members.routes == {}


def test_a_removed_channel_is_held_until_it_is_closed(members, join):
    members.retire(join("one"))
    gc.collect()

    (one,) = members
    assert members.all() == (one,)
    members.dismiss(one)
    assert members.all() == ()


def test_an_idle_channel_that_is_removed_is_gone_at_once(members):
    channel = Channel("one")
    members.add(channel)
    members.retire(channel)

    assert members.find("room:1") is None
    assert members.all() == ()


def test_removing_a_channel_that_never_took_its_topic_is_no_matter(members):
    members.retire(Channel("one"))

    assert members.all() == ()


def test_a_successor_waits_for_the_messages_of_its_topic(members, join):
    one = join("one")
    members.retire(one)
    two = join("two")
    deliver(members, "phx_reply")

    assert (one.told, two.told) == (["phx_reply"], [])


def test_a_successor_may_not_join_before_its_predecessor_is_closed(members, join):
    one = join("one")
    members.retire(one)
    two = join("two")

    assert (members.may_join(one), members.may_join(two)) == (True, False)
    members.dismiss(one)
    assert members.may_join(two)


def test_a_topic_without_a_predecessor_is_free(members):
    assert members.may_join(Channel("one"))


def test_a_successor_is_told_when_its_predecessor_is_closed(members, join):
    one = join("one")
    members.retire(one)
    two = join("two")
    members.dismiss(one)
    deliver(members, "shout")

    assert two.told == ["opened", "shout"]
    assert list(members) == [two]


def test_a_successor_has_its_messages_when_it_is_told(members, join):
    class Impatient(Channel):
        def opened(self):
            deliver(members, "phx_reply")

    one = join("one")
    members.retire(one)
    two = Impatient("two")
    members.add(two)
    members.keep(two)
    members.dismiss(one)

    assert two.told == ["phx_reply"]


def test_a_successor_that_became_idle_meanwhile_is_told_nothing(members, join):
    one = join("one")
    members.retire(one)
    two = join("two")
    members.let_go(two)
    deliver(members, "phx_close")
    members.dismiss(one)

    assert (one.told, two.told) == (["phx_close"], [])
    assert members.routes == {}


def test_the_removed_come_before_the_busy(members, join):
    other, one = join("other", "room:2"), join("one")
    members.retire(one)
    two = join("two")

    assert list(members) == [one, other, two]


def test_closing_a_channel_that_was_not_removed_is_no_matter(members, join):
    one = join("one")
    members.dismiss(one)
    deliver(members, "shout")

    assert one.told == ["shout"]


def test_closing_a_successor_leaves_its_predecessor_its_messages(members, join):
    one = join("one")
    members.retire(one)
    members.dismiss(join("two"))
    deliver(members, "phx_close")

    assert one.told == ["phx_close"]


def test_to_remove_a_channel_again_leaves_its_successor_alone(members, join):
    one = join("one")
    members.retire(one)
    two = join("two")
    members.retire(one)
    members.dismiss(one)
    deliver(members, "shout")

    assert list(members) == [two]
    assert two.told == ["opened", "shout"]


def test_a_successor_that_is_removed_too_leaves_its_predecessor_its_messages(
    members, join
):
    one = join("one")
    members.retire(one)
    two = join("two")
    members.retire(two)
    members.dismiss(two)
    deliver(members, "phx_reply")

    assert list(members) == [one]
    assert one.told == ["phx_reply"]


def test_whoever_comes_after_a_removed_successor_waits_as_well(members, join):
    one = join("one")
    members.retire(one)
    two = join("two")
    members.retire(two)
    members.dismiss(two)
    three = join("three")

    assert members.may_join(three) is False
    members.dismiss(one)
    assert three.told == ["opened"]


# The same, told by a socket.


def test_a_topic_that_is_removed_again_and_again_is_joined_after_the_first_leave(phx):
    phx.record(phx.socket.channel("room:1").join())
    phx.run(server="-oj")
    first = phx.record(phx.socket.remove(phx.socket.channel("room:1")))
    phx.socket.channel("room:1").join().mark_seen()
    second = phx.record(phx.socket.remove(phx.socket.channel("room:1")))
    third = phx.record(phx.socket.channel("room:1").join())
    phx.run(server="--lj-")

    phx.expect_client("*J-L-J")
    assert first == phx.marbles("-----(l|)")
    assert second.values == [{}]
    assert third == phx.marbles("------(j|)")


def test_a_channel_that_is_removed_twice_does_not_take_its_successor_along(phx):
    one = phx.socket.channel("room:1")
    phx.record(one.join())
    phx.run(server="-oj")
    phx.socket.remove(one)
    two = phx.record(phx.socket.channel("room:1").join())
    phx.socket.remove(one)
    phx.run(server="--lj-")

    assert two == phx.marbles("------(j|)")
