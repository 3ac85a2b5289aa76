"""Leaving, the server's close, and errors."""

import pytest

from rx_phoenix import PushCancelled, PushTimeout
from tests.conformance.stage import heard


def closes_of(channel):
    """The arguments of each call of a close callback."""
    calls = []
    channel.on_close(lambda *arguments: calls.append(arguments))
    return calls


@pytest.mark.case(167)
def test_a_leave_names_the_join_and_has_a_ref_of_its_own(stage):
    channel = stage.joined()

    leave = channel.leave()

    assert stage.connection.sent[-1] == '["1","2","room:1","phx_leave",{}]'
    assert leave.ref == "2"
    stage.answer("phx_leave")


@pytest.mark.case(169)
@pytest.mark.case(170)
@pytest.mark.defect(1)
def test_a_channel_is_leaving_until_the_server_says_so(stage):
    channel = stage.joined()
    closes, calls = closes_of(channel), heard(channel.leave())
    assert channel.state == "leaving"
    assert (closes, calls) == ([], [])

    stage.answer("phx_leave", "ok", {"bye": 1})

    assert channel.state == "closed"
    assert calls == [("ok", {"bye": 1})]
    assert closes == [("leave", None, "1")]


@pytest.mark.case(170)
@pytest.mark.defect(1)
def test_a_leave_without_an_answer_ends_at_its_timeout(stage):
    channel = stage.joined()
    closes, failures = closes_of(channel), []
    leave = channel.leave()
    leave.subscribe(None, failures.append)

    stage.time.advance_before(10)
    assert channel.state == "leaving"
    stage.wait_until(10)

    assert channel.state == "closed"
    assert [type(error) for error in failures] == [PushTimeout]
    assert closes == [("leave", None, "1")]


@pytest.mark.case(170)
@pytest.mark.defect(1)
def test_a_leave_may_have_a_timeout_of_its_own(stage):
    channel = stage.joined()
    channel.leave(20).mark_seen()

    stage.wait(10)
    assert channel.state == "leaving"
    stage.wait(10)

    assert channel.state == "closed"


@pytest.mark.defect(1)
@pytest.mark.parametrize("end", ["phx_close", "phx_error"])
def test_a_leave_is_ended_by_the_end_of_the_channel(stage, end):
    channel = stage.joined()
    calls = heard(channel.leave())

    stage.receive(end, join_ref="1", ref="1")

    assert channel.state == "closed"
    assert calls == [("ok", {})]


@pytest.mark.defect(1)
def test_a_leave_is_ended_by_the_loss_of_the_connection(stage):
    channel = stage.joined()
    calls = heard(channel.leave())

    stage.lose()

    assert channel.state == "closed"
    assert calls == [("ok", {})]


@pytest.mark.case(171)
@pytest.mark.case(267)
def test_the_close_that_follows_the_answer_to_a_leave_changes_nothing(stage):
    channel = stage.joined()
    closes = closes_of(channel)
    channel.leave()
    stage.answer("phx_leave")

    stage.receive("phx_close", join_ref="1", ref="1")
    stage.wait(60)

    assert len(closes) == 1
    assert stage.story == ["phx_join", "phx_leave"]


@pytest.mark.case(173)
def test_leaving_what_was_never_joined_says_nothing(stage):
    stage.connect()
    channel = stage.channel()
    closes = closes_of(channel)

    calls = heard(channel.leave())

    assert stage.wire == []
    assert calls == [("ok", {})]
    assert closes == []


@pytest.mark.case(174)
@pytest.mark.defect(19)
def test_leaving_twice_is_one_leave(stage):
    channel = stage.joined()
    closes = closes_of(channel)

    first, second = channel.leave(), channel.leave()
    stage.answer("phx_leave")
    stage.wait(60)

    assert stage.story == ["phx_join", "phx_leave"]
    assert len(closes) == 1
    assert (first.status, second.status) == ("ok", "ok")


@pytest.mark.case(175)
def test_leaving_in_an_error_callback_ends_the_rejoins(stage):
    channel = stage.joined()
    channel.on_error(lambda _: channel.leave())

    stage.say(channel, "phx_error")
    stage.wait(60)

    assert channel.state == "closed"
    assert stage.times("phx_join") == [0]


@pytest.mark.case(177)
def test_after_a_leave_the_loss_of_the_connection_is_no_error(stage):
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)
    channel.leave()
    stage.answer("phx_leave")
    stage.socket.connect()

    stage.lose()

    assert reasons == []
    assert channel.state == "closed"


@pytest.mark.case(178)
@pytest.mark.parametrize("is_answered", [False, True])
def test_the_loss_of_the_connection_is_an_error_of_its_channels(stage, is_answered):
    stage.connect()
    channel, reasons = stage.channel(), []
    channel.on_error(reasons.append)
    channel.join().mark_seen()
    if is_answered:
        stage.answer("phx_join")

    stage.lose()

    assert channel.state == "errored"
    assert reasons == [{"source": "transport", "reason": "connection_closed"}]


@pytest.mark.case(178)
def test_a_failed_attempt_is_an_error_of_joining_channels(stage):
    channel, reasons = stage.channel(), []
    channel.on_error(reasons.append)
    channel.join().mark_seen()

    stage.fail()

    assert channel.state == "errored"
    assert reasons == [{"source": "transport", "reason": "connection_error"}]


@pytest.mark.case(179)
@pytest.mark.case(271)
@pytest.mark.defect(30)
def test_a_crash_makes_the_channel_errored_and_is_told(stage):
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)

    stage.say(channel, "phx_error", {"reason": "channel_crash"})

    assert channel.state == "errored"
    assert reasons == [{"reason": "channel_crash"}]


@pytest.mark.case(181)
def test_a_second_crash_is_told_and_puts_the_rejoin_off_by_the_same_step(stage):
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)
    stage.say(channel, "phx_error")
    stage.wait_until(0.6)

    stage.say(channel, "phx_error")
    stage.wait(10)

    assert len(reasons) == 2
    assert stage.times("phx_join") == [0, 1.6]


@pytest.mark.case(182)
def test_the_servers_close_is_told_once_and_nothing_rejoins(stage):
    channel = stage.joined()
    closes = closes_of(channel)

    stage.say(channel, "phx_close")
    stage.wait(60)

    assert channel.state == "closed"
    assert closes == [({}, "1", "1")]
    assert stage.story == ["phx_join"]


@pytest.mark.case(182)
def test_the_servers_close_ends_the_streams_of_the_channel(stage):
    channel, story = stage.joined(), []
    channel.joined.subscribe(story.append, story.append, lambda: story.append("end"))

    stage.say(channel, "phx_close")

    assert story == [{}, "end"]


@pytest.mark.case(183)
@pytest.mark.defect(18)
def test_a_close_while_joining_ends_the_join(stage):
    stage.connect()
    channel, failures = stage.channel(), []
    channel.join().subscribe(None, failures.append)

    stage.say(channel, "phx_close")
    stage.wait(60)

    assert channel.state == "closed"
    assert [type(error) for error in failures] == [PushCancelled]
    assert stage.story == ["phx_join"]


@pytest.mark.case(184)
@pytest.mark.defect(19)
def test_a_channel_left_before_its_join_can_be_joined(stage):
    stage.connect()
    channel = stage.channel()
    channel.leave()

    channel.join()
    stage.answer("phx_join")

    assert channel.state == "joined"


@pytest.mark.case(185)
def test_a_close_is_told_with_payload_ref_and_join_ref(stage):
    channel = stage.joined()
    closes = closes_of(channel)

    stage.say(channel, "phx_close", {"why": "done"})

    assert closes == [({"why": "done"}, "1", "1")]


@pytest.mark.defect(1)
def test_a_leave_while_joining_is_sent_and_cancels_the_join(stage):
    stage.connect()
    channel, failures = stage.channel(), []
    channel.join().subscribe(None, failures.append)

    channel.leave()

    assert stage.connection.sent[-1] == '["1","2","room:1","phx_leave",{}]'
    assert [type(error) for error in failures] == [PushCancelled]
    stage.answer("phx_join")
    assert channel.state == "leaving"
    stage.answer("phx_leave")
    assert channel.state == "closed"


@pytest.mark.defect(17)
@pytest.mark.defect(19)
def test_a_join_while_leaving_waits_for_the_end_of_it(stage):
    channel = stage.joined()
    channel.leave()

    join = channel.join()
    assert stage.story == ["phx_join", "phx_leave"]
    stage.answer("phx_leave")
    assert stage.story == ["phx_join", "phx_leave", "phx_join"]
    stage.answer("phx_join")

    assert join.status == "ok"
    assert channel.state == "joined"
