"""Casts: pushes that the server does not answer."""

import pytest

from rx_phoenix import EncodeError, NotJoinedError, UsageError
from rx_phoenix._channel.core import core_of
from rx_phoenix._push import ChannelPush


def dropped(stage):
    texts = [str(error) for error in stage.unhandled]
    stage.unhandled.clear()
    return texts


def test_a_cast_is_sent_at_once_on_a_joined_channel(stage):
    channel = stage.joined()

    assert channel.cast("moved", {"x": 1}) is None
    message = stage.server.last("moved")
    assert (message.join_ref, message.payload) == (channel.join_ref, {"x": 1})
    assert message.ref is not None


@pytest.mark.parametrize("falsy", [None, False, 0, ""])
def test_a_falsy_payload_is_sent_as_that_of_a_push(stage, falsy):
    stage.joined().cast("moved", falsy)

    assert stage.server.last("moved").payload == {}


def test_it_waits_for_the_join_and_keeps_its_place_among_pushes(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()
    payload = {"n": 1}
    channel.push("first")
    channel.cast("second", payload)
    channel.push("third")
    payload["n"] = 2
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "first", "second", "third"]
    assert stage.server.last("second").payload == {"n": 1}
    stage.wait(60)
    assert dropped(stage) == []


def test_one_inside_the_flush_of_another_keeps_the_order(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().receive("ok", lambda _: channel.cast("last"))
    channel.cast("first")
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "first", "last"]


def test_nothing_is_kept_of_it_once_it_is_sent(stage, monkeypatch):
    made = []
    init = ChannelPush.__init__
    monkeypatch.setattr(
        ChannelPush, "__init__", lambda *a, **k: made.append(1) or init(*a, **k)
    )
    channel = stage.joined()
    made.clear()
    pending = len(stage.scheduler.pending)
    for n in range(1000):
        channel.cast("moved", {"n": n})

    assert made == []
    assert len(stage.scheduler.pending) == pending
    stage.lose()
    assert dropped(stage) == []
    channel.leave()


@pytest.mark.parametrize("status", ["ok", "error"])
def test_an_answer_is_neither_late_nor_a_refusal(stage, status):
    channel = stage.joined()
    channel.cast("moved")
    stage.answer("moved", status, {"reason": "no"})

    assert stage.stats.late_replies == 0
    assert stage.stats.stale == 0
    assert (channel.state, dropped(stage)) == ("joined", [])


def test_an_answer_after_the_leave_is_not_late_either(stage):
    channel = stage.joined()
    channel.cast("moved")
    channel.leave()
    stage.answer("phx_leave")
    del channel
    stage.answer("moved")

    assert stage.stats.late_replies == 0


def test_an_answer_of_a_server_that_lost_the_channel_has_it_joined_again(stage):
    channel = stage.joined()
    channel.cast("moved")
    stage.answer("moved", "error", {"reason": "unmatched topic"})

    assert channel.state == "errored"
    channel.leave()


@pytest.mark.parametrize("prepare", [False, True])
def test_one_on_a_channel_that_is_not_to_be_joined_is_a_mistake(stage, prepare):
    channel = stage.channel()
    if prepare:
        stage.joined().leave()
    with pytest.raises(NotJoinedError):
        channel.cast("moved")


def test_reserved_names_and_payloads_that_cannot_be_encoded_are_mistakes(stage):
    channel = stage.joined()
    with pytest.raises(UsageError, match="phx_join"):
        channel.cast("phx_join")
    for state in ("joined", "errored"):
        with pytest.raises(EncodeError):
            channel.cast("moved", object())
        if state == "joined":
            stage.say(channel, "phx_error")
    assert dropped(stage) == []
    channel.leave()


def fill(stage, count):
    channel = stage.channel()
    channel.join().mark_seen()
    for n in range(count):
        channel.cast("moved", {"n": n})
    return channel


def test_one_that_waits_counts_in_the_send_buffer(make_stage):
    stage = make_stage(send_buffer=2)
    channel = fill(stage, 2)
    push = channel.push("third")
    stage.open()
    stage.answer("phx_join")

    assert push.status == "cancelled"
    assert stage.story == ["phx_join", "moved", "moved"]


def test_those_that_a_full_buffer_drops_are_counted_and_reported(make_stage):
    stage = make_stage(send_buffer=2)
    channel = fill(stage, 2 + 5)

    assert stage.stats.casts_dropped == 5
    texts = dropped(stage)
    assert [text.split()[0] for text in texts] == ["1", "2", "4"]
    assert "the send buffer is full (2 of 2)" in texts[0]
    channel.leave()
    dropped(stage)


def test_so_are_those_that_the_timeout_drops(make_stage):
    stage = make_stage(timeout=3)
    channel = fill(stage, 1)
    stage.wait(2.9)
    before = stage.stats.casts_dropped
    stage.wait(0.1)

    assert (before, stage.stats.casts_dropped) == (0, 1)
    assert "waited for 3 s and was not sent" in dropped(stage)[0]
    channel.leave()


@pytest.mark.parametrize("end", ["leave", "close", "aclose"])
def test_so_are_those_that_the_end_drops(stage, end):
    stage.connect()
    channel = fill(stage, 3)
    if end == "leave":
        channel.leave()
    elif end == "close":
        stage.say(channel, "phx_close")
    else:
        stage.socket.aclose()

    texts = dropped(stage)
    assert [text.split()[0] for text in texts] == ["1", "2"]
    assert all("'room:1'" in text for text in texts)


def test_its_sender_learns_whether_it_was_sent(stage):
    stage.connect()
    channel, ends = stage.channel(), []
    channel.join()
    cast = core_of(channel).outbox.cast
    cast("moved", {}, 1.0, lambda was_sent: ends.append(("dropped", was_sent)))
    stage.wait(1)
    cast("moved", {}, 1.0, lambda was_sent: ends.append(("waited", was_sent)))
    stage.answer("phx_join")
    cast("moved", {}, 1.0, lambda was_sent: ends.append(("at once", was_sent)))

    assert ends == [("dropped", False), ("waited", True), ("at once", True)]
    assert len(dropped(stage)) == 1


def test_those_that_were_written_when_the_connection_dies_are_gone(stage):
    channel = stage.joined()
    channel.cast("moved")
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")

    assert len(stage.server.sent("moved")) == 1
    assert dropped(stage) == []
    assert channel.state == "joined"
