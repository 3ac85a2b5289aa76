"""Messages: events are counted, by the pattern of their topic."""

from rx_phoenix import Message
from rx_phoenix.testing import Says

SENT = "messaging.client.sent.messages"
CONSUMED = "messaging.client.consumed.messages"
TEMPLATE = "messaging.destination.template"


def test_events_sent_are_counted(phx, socket, collector):
    for topic in ("room:1", "room:2", "lobby"):
        channel = socket.channel(topic)
        channel.join()
        channel.push("shout")
    phx.run("-o(jjj)-")
    socket.ping().subscribe()
    phx.run("-h-")

    assert collector.measured(SENT, TEMPLATE) == {("room:*",): 2, ("lobby",): 1}


def test_events_received_are_counted(phx, socket, collector):
    phx.letters(a=Says("tick", {}), b=Message(None, None, "nobody's", "tick", {}))
    socket.channel("room:1").join()
    phx.run("-oj-a-a-b-E 1s j-")

    assert collector.measured(CONSUMED, TEMPLATE) == {("room:*",): 2, ("nobody's",): 1}


def test_a_count_says_which_way(phx, socket, collector):
    phx.letters(a=Says("tick", {}))
    channel = socket.channel("room:1")
    channel.join()
    channel.push("shout")
    phx.run("-oj-a-")
    name = "messaging.operation.name"

    assert [*collector.measured(SENT, name), *collector.measured(CONSUMED, name)] == [
        ("push",),
        ("receive",),
    ]
