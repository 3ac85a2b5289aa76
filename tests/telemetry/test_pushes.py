"""Pushes: spans from the call to the outcome."""

import pytest

from rx_phoenix import PushRefused
from tests.telemetry.collector import COMMON


@pytest.fixture
def channel(phx, socket):
    channel = socket.channel("room:1")
    channel.join()
    phx.run("-oj-")
    return channel


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ("--p-", (0.4, 0.6, "ok", None)),
        ("--e-", (0.4, 0.6, "error", "error")),
        ("--E-", (0.4, 0.6, "cancelled", "cancelled")),
        ("--#-", (0.4, 0.6, "lost", "lost")),
        (" 10.1s ", (0.4, 10.4, "timeout", None)),
    ],
    ids=["ok", "refused", "crashed", "lost", "silence"],
)
def test_a_push_is_a_span_until_its_outcome(phx, channel, collector, server, told):
    channel.push("shout").mark_seen()
    phx.run(server)

    assert collector.told("push") == [told]


def test_it_names_topic_event_and_message(phx, channel, collector):
    channel.push("shout")
    phx.run("-p-")
    (span,) = collector.spans("push")

    assert span.name == "push room:*"
    assert span.attributes == {
        **COMMON,
        "messaging.destination.name": "room:1",
        "messaging.destination.template": "room:*",
        "messaging.message.id": "2",
        "messaging.operation.name": "push",
        "messaging.operation.type": "send",
        "phoenix.event": "shout",
        "phoenix.status": "ok",
    }


def test_the_wait_for_the_join_is_part_of_it(phx, socket, collector):
    channel = socket.channel("room:1")
    channel.join()
    channel.push("shout")
    phx.run("-o-j-p-")

    assert collector.told("push") == [(0.0, 0.5, "ok", None)]


def test_one_that_was_never_sent_has_no_message(phx, socket, collector):
    channel = socket.channel("room:1")
    channel.join()
    channel.push("shout").cancel()
    phx.run("-oj-")
    (span,) = collector.spans("push")

    assert span.attributes["phoenix.status"] == "cancelled"
    assert "messaging.message.id" not in span.attributes


def test_it_is_part_of_what_its_caller_does(phx, channel, collector):
    with collector.tracer.start_as_current_span("order") as order:
        channel.push("shout")
    phx.run("-p-")
    (span,) = collector.spans("push")

    assert span.parent.span_id == order.get_span_context().span_id


def test_a_refusal_that_nobody_looked_at_is_still_reported(phx, channel, collector):
    unhandled = []
    channel.socket.unhandled.subscribe(unhandled.append)
    channel.push("shout")
    phx.run("-e-")

    assert [span.status.is_ok for span in collector.spans("push")] == [False]
    assert [type(error) for error in unhandled] == [PushRefused]
