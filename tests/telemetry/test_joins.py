"""Joins: each attempt is a span, whatever ends it."""

import pytest

from rx_phoenix import Message
from tests.telemetry.collector import COMMON


@pytest.fixture
def channel(socket):
    return socket.channel("room:1")


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ("-o--j-", [(0.1, 0.4, "ok", None)]),
        ("-o--r-", [(0.1, 0.4, "error", "error")]),
        ("-o--E-", [(0.1, 0.4, "crashed", "crashed")]),
        ("-o--#-", [(0.1, 0.4, "lost", "lost")]),
        ("-o--C-", [(0.1, 0.4, "cancelled", None)]),
        ("-o 10.2s -", [(0.1, 10.1, "timeout", "timeout")]),
        ("-oj--E 1s j-", [(0.1, 0.2, "ok", None), (1.5, 1.6, "ok", None)]),
    ],
    ids=["ok", "refused", "crashed", "lost", "closed", "silence", "rejoin"],
)
def test_a_join_is_a_span_until_what_ends_it(phx, channel, collector, server, told):
    channel.join().mark_seen()
    phx.run(server)

    assert collector.told("join") == told


def test_it_names_the_topic_and_the_message(phx, channel, collector):
    channel.join()
    phx.run("-oj-")
    (span,) = collector.spans("join")

    assert span.name == "join room:*"
    assert span.attributes == {
        **COMMON,
        "messaging.destination.name": "room:1",
        "messaging.destination.template": "room:*",
        "messaging.message.conversation_id": "1",
        "messaging.message.id": "1",
        "messaging.operation.name": "join",
        "phoenix.status": "ok",
    }


def test_a_join_that_is_left_at_once_when_answered_was_answered(
    phx, channel, collector
):
    channel.join().receive("ok", lambda _: channel.leave())
    phx.run("-o-j-l-")

    assert collector.told("join") == [(0.1, 0.3, "ok", None)]


def test_a_leave_waits_for_the_answer_of_the_join_before_it(phx, channel, collector):
    channel.join()
    phx.run("-o-")
    channel.leave()
    phx.run("-j-l-")

    assert collector.told("join") == [(0.1, 0.4, "ok", None)]


def test_our_own_goodbye_is_no_failure(phx, channel, collector):
    channel.join()
    phx.run("-o-")
    channel.socket.disconnect()
    phx.run("-")

    assert collector.told("join") == [(0.1, 0.3, "cancelled", None)]


def test_an_answer_that_comes_too_late_changes_nothing(phx, channel, collector):
    channel.join().mark_seen()
    phx.run("-o 10.1s j-")

    assert [status for _, _, status, _ in collector.told("join")] == ["timeout"]


def test_a_join_that_another_one_follows_unanswered_is_over(phx, channel, collector):
    channel.socket.connect()
    channel.join()
    phx.run("-o-")
    channel.leave()
    phx.run(" 10.1s ")
    channel.join()
    phx.run("-(jj)-")

    assert [status for _, _, status, _ in collector.told("join")] == ["cancelled", "ok"]


def test_joins_of_many_topics_are_told_apart(phx, socket, collector):
    refusal = {"status": "error", "response": {}}
    phx.letters(b=Message("2", "2", "room:b", "phx_reply", refusal))
    for topic in ("room:a", "room:b"):
        socket.channel(topic).join().mark_seen()
    phx.run("-o-b-j-")

    assert [
        (span.attributes["messaging.destination.name"], span.end_time / 1e9)
        for span in collector.spans("join")
    ] == [("room:b", 0.3), ("room:a", 0.5)]


def test_a_join_is_a_trace_of_its_own(phx, channel, collector):
    with collector.tracer.start_as_current_span("start"):
        channel.join()
        phx.run("-oj-")

    assert [span.parent for span in collector.spans("join")] == [None]
