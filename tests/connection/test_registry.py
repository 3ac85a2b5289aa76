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
        self.direct = {}

    def __repr__(self):
        return self.name

    def receive(self, message):
        self.told.append(message.event)

    def opened(self):
        self.told.append("opened")


@pytest.fixture
def registry():
    return ChannelRegistry()


@pytest.fixture
def join(registry):
    """A channel that takes its topic and is busy."""

    def join(name, topic="room:1"):
        channel = Channel(name, topic)
        registry.add(channel)
        registry.activate(channel)
        return channel

    return join


def deliver(registry, event, topic="room:1"):
    registry.routes[topic].receive(Message(None, None, topic, event, {}))


# Who has a topic.


def test_a_topic_that_nobody_took_has_no_channel(registry):
    assert registry.find("room:1") is None


def test_a_topic_has_the_channel_that_took_it(registry):
    channel = Channel("one")
    registry.add(channel)

    assert registry.find("room:1") is channel


def test_a_channel_may_take_its_topic_again(registry):
    channel = Channel("one")
    registry.add(channel)
    registry.add(channel)

    assert registry.find("room:1") is channel


def test_a_topic_that_is_taken_cannot_be_taken(registry):
    holder = Channel("one")
    registry.add(holder)

    with pytest.raises(ChannelConflict) as caught:
        registry.add(Channel("two"))

    assert registry.find("room:1") is holder
    assert str(caught.value) == (
        "the topic 'room:1' has a channel already: get it with "
        "socket.channel('room:1'), or remove() it first"
    )


def test_each_topic_has_a_channel_of_its_own(registry):
    one, two = Channel("one", "room:1"), Channel("two", "room:2")
    registry.add(one)
    registry.add(two)

    assert (registry.find("room:1"), registry.find("room:2")) == (one, two)


def test_an_idle_channel_that_nobody_else_holds_is_forgotten(registry):
    registry.add(Channel("one"))
    gc.collect()

    assert registry.find("room:1") is None
    assert registry.all() == ()


def test_nothing_is_left_of_a_channel_that_was_forgotten(registry):
    for number in range(3):
        registry.add(Channel("one", f"room:{number}"))
    gc.collect()

    assert vars(registry)["_channels"] == {}


def test_a_topic_whose_channel_was_forgotten_can_be_taken(registry):
    registry.add(Channel("one"))
    gc.collect()
    two = Channel("two")
    registry.add(two)

    assert registry.find("room:1") is two


def test_a_busy_channel_is_held(registry, join):
    join("one")
    gc.collect()

    assert str(registry.find("room:1")) == "one"


def test_a_channel_that_became_idle_is_held_no_longer(registry, join):
    registry.deactivate(join("one"))
    gc.collect()

    assert registry.find("room:1") is None


# Who gets messages.


def test_an_idle_channel_gets_no_messages(registry):
    channel = Channel("one")
    registry.add(channel)

    assert registry.routes == {}


def test_a_busy_channel_gets_the_messages_of_its_topic(registry, join):
    one, two = join("one", "room:1"), join("two", "room:2")
    deliver(registry, "shout")

    assert (one.told, two.told) == (["shout"], [])


def test_a_channel_that_became_idle_gets_no_more_messages(registry, join):
    registry.deactivate(join("one"))

    assert registry.routes == {}


def test_a_channel_is_kept_once_however_often_it_is_asked_for(registry, join):
    channel = join("one")
    registry.activate(channel)

    assert list(registry) == [channel]
    registry.deactivate(channel)
    assert list(registry) == []


def test_who_has_no_topic_cannot_be_kept(registry, join):
    holder = join("one")
    registry.activate(Channel("two"))
    deliver(registry, "shout")

    assert list(registry) == [holder]
    assert holder.told == ["shout"]


@pytest.mark.parametrize("is_known", [False, True])
def test_letting_go_of_an_idle_channel_is_no_matter(registry, is_known):
    channel = Channel("one")
    if is_known:
        registry.add(channel)
    registry.deactivate(channel)

    assert list(registry) == []


def test_letting_go_of_one_channel_leaves_another_its_topic(registry, join):
    holder = join("one")
    registry.deactivate(Channel("two"))
    deliver(registry, "shout")

    assert holder.told == ["shout"]


def test_the_busy_ones_come_in_the_order_in_which_they_became_so(registry):
    one, two, idle = (
        Channel("one", "room:1"),
        Channel("two", "room:2"),
        Channel("idle", "room:3"),
    )
    for channel in (one, two, idle):
        registry.add(channel)
    registry.activate(two)
    registry.activate(one)

    assert list(registry) == [two, one]


def test_all_are_the_idle_ones_too(registry, join):
    busy, idle = join("busy"), Channel("idle", "room:2")
    registry.add(idle)

    assert set(registry.all()) == {busy, idle}


def test_who_becomes_busy_while_all_are_told_is_not_told(registry, join):
    join("one")

    for channel in registry:
        assert str(channel) == "one"
        join("two", "room:2")

    assert len(list(registry)) == 2


# Removed, and not closed yet.


def test_a_removed_channel_frees_its_topic(registry, join):
    registry.begin_removal(join("one"))
    two = Channel("two")
    registry.add(two)

    assert registry.find("room:1") is two


def test_a_removed_channel_gets_messages_until_it_is_closed(registry, join):
    one = join("one")
    registry.begin_removal(one)
    deliver(registry, "phx_reply")
    registry.finish_removal(one)

    assert one.told == ["phx_reply"]
    assert registry.routes == {}


def test_a_removed_channel_is_held_until_it_is_closed(registry, join):
    registry.begin_removal(join("one"))
    gc.collect()

    (one,) = registry
    assert registry.all() == (one,)
    registry.finish_removal(one)
    assert registry.all() == ()


def test_an_idle_channel_that_is_removed_is_gone_at_once(registry):
    channel = Channel("one")
    registry.add(channel)
    registry.begin_removal(channel)

    assert registry.find("room:1") is None
    assert registry.all() == ()


def test_removing_a_channel_that_never_took_its_topic_is_no_matter(registry):
    registry.begin_removal(Channel("one"))

    assert registry.all() == ()


def test_a_successor_waits_for_the_messages_of_its_topic(registry, join):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")
    deliver(registry, "phx_reply")

    assert (one.told, two.told) == (["phx_reply"], [])


def test_a_successor_may_not_join_before_its_predecessor_is_closed(registry, join):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")

    assert (registry.may_join(one.topic, one), registry.may_join(two.topic, two)) == (
        True,
        False,
    )
    registry.finish_removal(one)
    assert registry.may_join(two.topic, two)


def test_a_topic_without_a_predecessor_is_free(registry):
    assert registry.may_join("one", Channel("one"))


def test_a_successor_is_told_when_its_predecessor_is_closed(registry, join):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")
    registry.finish_removal(one)
    deliver(registry, "shout")

    assert two.told == ["opened", "shout"]
    assert list(registry) == [two]


def test_a_successor_of_an_idle_channel_is_told_nothing(registry, join):
    idle = Channel("one")
    registry.add(idle)
    registry.begin_removal(idle)
    successor = join("two")
    registry.finish_removal(idle)

    assert successor.told == []


def test_a_successor_has_its_messages_when_it_is_told(registry, join):
    class Impatient(Channel):
        def opened(self):
            deliver(registry, "phx_reply")

    one = join("one")
    registry.begin_removal(one)
    two = Impatient("two")
    registry.add(two)
    registry.activate(two)
    registry.finish_removal(one)

    assert two.told == ["phx_reply"]


def test_a_successor_that_became_idle_meanwhile_is_told_nothing(registry, join):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")
    registry.deactivate(two)
    deliver(registry, "phx_close")
    registry.finish_removal(one)

    assert (one.told, two.told) == (["phx_close"], [])
    assert registry.routes == {}


def test_the_removed_come_before_the_busy(registry, join):
    other, one = join("other", "room:2"), join("one")
    registry.begin_removal(one)
    two = join("two")

    assert list(registry) == [one, other, two]


def test_closing_a_channel_that_was_not_removed_is_no_matter(registry, join):
    one = join("one")
    registry.finish_removal(one)
    deliver(registry, "shout")

    assert one.told == ["shout"]


def test_closing_a_successor_leaves_its_predecessor_its_messages(registry, join):
    one = join("one")
    registry.begin_removal(one)
    registry.finish_removal(join("two"))
    deliver(registry, "phx_close")

    assert one.told == ["phx_close"]


def test_to_remove_a_channel_again_leaves_its_successor_alone(registry, join):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")
    registry.begin_removal(one)
    registry.finish_removal(one)
    deliver(registry, "shout")

    assert list(registry) == [two]
    assert two.told == ["opened", "shout"]


def test_a_successor_that_is_removed_too_leaves_its_predecessor_its_messages(
    registry, join
):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")
    registry.begin_removal(two)
    registry.finish_removal(two)
    deliver(registry, "phx_reply")

    assert list(registry) == [one]
    assert one.told == ["phx_reply"]


def test_whoever_comes_after_a_removed_successor_waits_as_well(registry, join):
    one = join("one")
    registry.begin_removal(one)
    two = join("two")
    registry.begin_removal(two)
    registry.finish_removal(two)
    three = join("three")

    assert registry.may_join(three.topic, three) is False
    registry.finish_removal(one)
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


# Secrets.


def test_a_text_without_words_repeats_no_secret(registry):
    assert registry.secrets_in("") == frozenset()
