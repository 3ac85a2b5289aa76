import pytest

from rx_phoenix.testing._server.codec import V1Serializer
from rx_phoenix.testing._server.topics import Topics
from tests.testing.server.fakes import Subscriber


@pytest.fixture
def topics():
    return Topics()


def test_a_broadcast_reaches_the_subscribers_of_its_topic(topics):
    here, there = Subscriber(), Subscriber()
    topics.subscribe("a", here)
    topics.subscribe("b", there)

    topics.broadcast("a", "e", {"n": 1})

    assert here.texts == ['[null,null,"a","e",{"n":1}]']
    assert there.texts == []


def test_a_broadcast_without_subscribers_is_not_an_error(topics):
    topics.broadcast("a", "e", {})


def test_a_broadcast_can_skip_a_subscriber(topics):
    sender, other = Subscriber(), Subscriber()
    topics.subscribe("a", sender)
    topics.subscribe("a", other)

    topics.broadcast("a", "e", {}, but=sender)

    assert (len(sender.frames), len(other.frames)) == (0, 1)


def test_a_broadcast_is_encoded_once_per_protocol(topics):
    old, new, newer = Subscriber(V1Serializer()), Subscriber(), Subscriber()
    for subscriber in old, new, newer:
        topics.subscribe("a", subscriber)

    topics.broadcast("a", "e", {})

    assert old.texts == ['{"event":"e","payload":{},"ref":null,"topic":"a"}']
    assert new.frames[0] is newer.frames[0]


def test_bytes_reach_the_subscribers_before_one_of_protocol_1_only(topics):
    before, old, behind = Subscriber(), Subscriber(V1Serializer()), Subscriber()
    for subscriber in before, old, behind:
        topics.subscribe("a", subscriber)

    with pytest.raises(TypeError):
        topics.broadcast("a", "e", b"")

    assert [len(each.frames) for each in (before, old, behind)] == [1, 0, 0]


def test_a_former_subscriber_gets_nothing_and_leaves_nothing(topics):
    subscriber, other = Subscriber(), Subscriber()
    topics.subscribe("a", subscriber)
    topics.subscribe("a", other)

    topics.unsubscribe("a", subscriber)
    topics.broadcast("a", "e", {})
    topics.unsubscribe("a", other)
    topics.unsubscribe("never", other)

    assert subscriber.frames == []
    assert len(topics) == 0
