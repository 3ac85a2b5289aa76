"""The server by hand: answers, events and ends that no lane can express."""

import pytest

from rx_phoenix import Backoff, Message, Reconnect, UsageError
from rx_phoenix.testing import Says


@pytest.fixture
def channel(phx):
    phx.answers("*Jh")
    phx.use(reconnect=Reconnect(Backoff(1.0)))
    channel = phx.socket.channel("room:1")
    phx.wait_for(channel.join())
    return channel


def test_the_latest_message_of_an_event_is_answered(phx, channel):
    first, second = channel.push("x", {"n": 1}), channel.push("x", {"n": 2})

    phx.server.answer(phx.server.last("x"), "ok", {"n": 2})
    phx.server.answer(phx.server.sent("x")[0], "late", {"n": 1})

    assert second.status == "ok"
    assert first.status == "late"


def test_an_event_stands_for_its_latest_message(phx, channel):
    push = phx.record(channel.push("x"))

    phx.server.answer("x")

    assert push.values == [{}]


def test_only_the_first_answer_counts_whatever_its_join_ref(phx, channel):
    push, calls = channel.push("x"), []
    push.receive("ok", calls.append)
    message = phx.server.last("x")

    phx.server.answer(message, "ok", {"n": 1}, join_ref="999")
    phx.server.answer(message, "ok", {"n": 2}, join_ref="999")
    phx.server.answer(message, "ok", {"n": 3})

    assert calls == [{"n": 1}]


def test_an_event_belongs_to_the_latest_join_of_its_topic(phx, channel):
    heard = phx.record(channel.events("n"))

    phx.server.say("room:1", "n", 1)
    phx.server.say("room:1", "n", 2, join_ref="999")
    phx.server.say("room:1", "n", 3, join_ref=None)
    phx.server.say("room:2", "n", 4)

    assert heard.values == [1, 3]


def test_a_frame_on_the_connection_before_this_one_is_dropped(phx, channel):
    heard, late = phx.record(channel.events("n")), channel.push("x")
    message = phx.server.last("x")
    phx.server.close(1012)
    phx.run(server=" 2m ")
    old, new = phx.server.connections

    phx.server.say("room:1", "n", 1, on=old, join_ref=channel.join_ref)
    phx.server.answer(message, "ok", {"late": True})
    phx.server.say("room:1", "n", 2, on=new)

    assert heard.values == [2]
    assert late.status == "lost"


def test_both_ends_of_a_connection_may_end_it(phx, channel):
    ends = []
    phx.socket.on_close(ends.append)
    phx.socket.disconnect(4001)

    phx.server.close(4002)
    phx.server.close(1006)

    assert [end.code for end in ends] == [4001]


def test_a_crash_by_hand_ends_the_join_for_the_lane_too(phx, channel):
    phx.server.say("room:1", "phx_error", {"reason": "crashed"})

    assert channel.state == "errored"
    phx.letters(m=Says("n"))
    with pytest.raises(AssertionError, match="has not joined"):
        phx.run(server="m")


def test_an_answer_by_hand_is_an_answer_for_the_lane_too(phx, channel):
    phx.record(channel.push("x"))
    phx.server.answer("x")

    with pytest.raises(AssertionError, match=r"no P .push. awaits an answer"):
        phx.run(server="p")


def test_the_drawings_show_what_was_done_by_hand(phx, channel):
    channel.push("x").receive("error", print)
    phx.server.answer("x", "error")
    phx.server.answer("x", "odd")
    phx.server.say("room:1", "phx_error")
    phx.server.say("room:1", "whatever")
    phx.server.close(4000)

    with pytest.raises(AssertionError) as failure:
        phx.expect_client("*")

    assert "server    (oje?E?x)" in str(failure.value)


def test_what_the_client_did_not_send_cannot_be_answered(phx, channel):
    with pytest.raises(UsageError, match=r"sent no 'x', but phx_join"):
        phx.server.answer("x")
    with pytest.raises(UsageError, match=r'did not send \["1","2","t","e",null\]'):
        phx.server.answer(Message("1", "2", "t", "e", None))


def test_an_event_needs_a_connection(phx):
    with pytest.raises(UsageError, match="no connection has opened"):
        phx.server.say("room:1", "x")
    with pytest.raises(UsageError, match="the client sent no 'x', but nothing"):
        phx.server.last("x")


def test_what_a_server_cannot_do_is_refused(phx, channel):
    with pytest.raises(UsageError, match="status must be a status such as 'ok'"):
        phx.server.answer("phx_join", 5)
    with pytest.raises(UsageError, match="event must be a name"):
        phx.server.say("room:1", 5)
    with pytest.raises(UsageError, match="code must be a close code from 1000 to 4999"):
        phx.server.close("x")
