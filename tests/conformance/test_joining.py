"""A channel's creation, its joins and its rejoins."""

import pytest

from rx_phoenix import Rejoin
from rx_phoenix.policy import Backoff
from tests.conformance.harness import hook_calls


def refuse(stage, response=None):
    stage.answer("phx_join", "error", {} if response is None else response)


@pytest.mark.case(111)
def test_a_new_channel_is_closed_and_not_joined(stage):
    channel = stage.channel()

    assert channel.state == "closed"
    assert channel.join_ref is None


@pytest.mark.case(114)
def test_a_channel_knows_its_topic_and_its_socket(stage):
    channel = stage.channel("topic", {"one": "two"})

    assert (channel.topic, channel.socket) == ("topic", stage.socket)


@pytest.mark.case(117)
def test_a_join_carries_the_params_and_its_own_ref_twice(stage):
    connection = stage.connect()
    channel = stage.channel(params={"one": "two"})

    push = channel.join()

    assert connection.sent == ['["1","1","room:1","phx_join",{"one":"two"}]']
    assert (push.ref, channel.join_ref, push.payload) == ("1", "1", {"one": "two"})


@pytest.mark.case(117)
def test_a_join_without_params_carries_an_empty_object(stage):
    connection = stage.connect()

    stage.channel().join()

    assert connection.sent == ['["1","1","room:1","phx_join",{}]']


@pytest.mark.case(118)
@pytest.mark.defect(38)
def test_the_timeout_of_a_join_is_that_joins_alone(stage):
    stage.connect()
    channel = stage.channel()

    join = channel.join(2)
    push = channel.push("note")

    assert (join.within, push.within) == (2, 10)


@pytest.mark.case(119)
def test_a_join_before_the_connection_is_sent_once_at_its_open(stage):
    stage.channel().join()
    assert stage.wire == []

    stage.connect()

    assert stage.story == ["phx_join"]


@pytest.mark.case(126)
@pytest.mark.case(123)
@pytest.mark.case(122)
def test_an_ok_is_told_once_to_early_and_late_callbacks_and_nothing_after_it(stage):
    stage.connect()
    push = stage.channel().join()
    early = hook_calls(push)

    stage.answer("phx_join", "ok", {"n": 1})
    late = hook_calls(push)
    stage.answer("phx_join")
    stage.wait(20)

    assert early == late == [("ok", {"n": 1})]


@pytest.mark.case(126)
@pytest.mark.parametrize("status", ["ok", "error"])
def test_a_second_answer_to_a_join_changes_nothing(stage, status):
    channel = stage.joined()
    responses = []
    channel.joined.subscribe(responses.append)

    stage.answer("phx_join", status, {"which": "second"})

    assert channel.state == "joined"
    assert responses == [{}]


@pytest.mark.case(127)
def test_an_error_is_told_once_to_early_and_late_callbacks_and_no_timeout_after_it(
    make_stage,
):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(60)))
    stage.connect()
    push = stage.channel().join()
    early = hook_calls(push)

    refuse(stage, {"reason": "no"})
    late = hook_calls(push)
    stage.wait(20)

    assert early == late == [("error", {"reason": "no"})]


@pytest.mark.case(129)
def test_what_waits_for_a_refused_join_goes_on_waiting(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    push = channel.push("note")

    refuse(stage)
    assert stage.story == ["phx_join"]
    assert push.status is None
    stage.wait(1)
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "phx_join", "note"]


@pytest.mark.case(130)
def test_refused_joins_are_tried_again_by_the_table(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()

    for seconds in (1, 2, 5, 10, 10):
        refuse(stage)
        stage.wait(seconds)

    assert stage.times("J") == [0, 1, 3, 8, 18, 28]


@pytest.mark.case(131)
def test_an_ok_starts_the_table_over(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    refuse(stage)
    stage.wait(1)
    refuse(stage)
    stage.wait(2)
    stage.answer("phx_join")

    stage.say(channel, "phx_error")
    stage.wait(1)

    assert stage.times("J") == [0, 1, 3, 4]


@pytest.mark.case(133)
def test_joins_that_time_out_are_taken_back_and_tried_again_by_the_table(stage):
    stage.connect()
    stage.channel().join().mark_seen()

    stage.wait(30)

    assert stage.times("J") == [0, 11, 23]
    assert stage.times("L") == [10, 21]


@pytest.mark.case(133)
def test_the_leave_of_a_join_that_timed_out_names_that_join(stage):
    stage.connect()
    stage.channel().join().mark_seen()

    stage.wait(10)

    assert stage.transport.connection.sent[1:] == ['["1","2","room:1","phx_leave",{}]']


@pytest.mark.case(134)
def test_a_late_ok_of_a_join_that_timed_out_is_ignored(stage):
    stage.connect()
    channel = stage.channel()
    calls = hook_calls(channel.join())
    stage.wait(10)

    stage.answer("phx_join")

    assert channel.state == "errored"
    assert calls == [("timeout", {})]


@pytest.mark.case(137)
def test_no_rejoin_goes_while_offline(stage):
    channel = stage.joined()
    stage.say(channel, "phx_error")
    stage.lose()
    stage.wait(5)
    assert stage.times("J") == [0]

    stage.open()

    assert stage.times("J") == [0, 5]


@pytest.mark.case(138)
def test_an_open_makes_an_errored_channel_rejoin_at_once(stage):
    stage.joined()
    stage.lose()
    stage.wait(0.01)

    stage.open()
    stage.wait(5)

    assert stage.times("J") == [0, 0.01]


@pytest.mark.case(139)
def test_an_outage_starts_the_table_over(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    refuse(stage)
    stage.wait(1)
    refuse(stage)
    stage.lose()
    stage.wait(0.01)
    stage.open()

    refuse(stage)
    stage.wait(1)

    assert stage.times("J") == [0, 1, 1.01, 2.01]


@pytest.mark.case(141)
@pytest.mark.defect(16)
def test_a_second_join_of_a_topic_takes_part_in_the_first(stage):
    stage.connect()
    first, second = stage.channel().join(), stage.channel().join()
    stage.answer("phx_join")
    third = stage.channel().join()

    assert first is second is third
    assert stage.story == ["phx_join"]


@pytest.mark.case(142)
@pytest.mark.case(266)
def test_the_close_of_an_older_join_does_not_reach_the_newer(stage):
    channel = stage.joined()
    old, payloads = channel.join_ref, []
    channel.on("event", payloads.append)
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.answer("phx_join")

    stage.receive("phx_close", join_ref=old, ref=old)
    stage.receive("phx_error", join_ref=old, ref=old)
    stage.receive("event", "old", join_ref=old)
    stage.receive("event", "broadcast")

    assert channel.state == "joined"
    assert payloads == ["broadcast"]


@pytest.mark.case(143)
@pytest.mark.defect(16)
def test_after_an_outage_a_topic_is_joined_once(stage):
    stage.joined()
    stage.lose()

    stage.channel().join()
    stage.wait(0.01)
    stage.open()

    assert [message.event for message in stage.transport.connection.messages] == [
        "phx_join"
    ]


@pytest.mark.defect(31)
def test_the_reply_of_every_join_is_a_stream(stage):
    stage.connect()
    channel, replies = stage.channel(), []
    channel.joins.subscribe(replies.append)
    channel.join()
    stage.answer("phx_join", "ok", {"n": 1})
    stage.say(channel, "phx_error")
    stage.wait(1)

    stage.answer("phx_join", "ok", {"n": 2})

    assert replies == [{"n": 1}, {"n": 2}]
