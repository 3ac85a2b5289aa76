import pytest

from rx_phoenix.testing._server.endpoint import Endpoint
from tests.testing.server.fakes import Subscriber, server_socket


class Connected:
    def __init__(self, socket_id):
        self.socket = server_socket(id=socket_id)
        self.is_disconnected = False

    def disconnect(self):
        self.is_disconnected = True


@pytest.fixture
def endpoint():
    return Endpoint()


def test_only_the_sockets_of_an_id_are_disconnected(endpoint):
    ann, ann_too, bob, unnamed = map(Connected, ["ann", "ann", "bob", None])
    endpoint.sessions |= {ann, ann_too, bob, unnamed}

    endpoint.disconnect("ann")

    disconnected = [each.is_disconnected for each in (ann, ann_too, bob, unnamed)]
    assert disconnected == [True, True, False, False]


def test_a_broadcast_goes_to_the_topic(endpoint):
    subscriber = Subscriber()
    endpoint.topics.subscribe("a", subscriber)

    endpoint.broadcast("a", "e", {})

    assert subscriber.texts == ['[null,null,"a","e",{}]']


def test_presences_are_broadcast_to_the_topics(endpoint):
    subscriber = Subscriber()
    subscriber.topic = "a"
    endpoint.topics.subscribe("a", subscriber)

    endpoint.presence.track(subscriber, "ann", {})

    assert len(subscriber.frames) == 1
