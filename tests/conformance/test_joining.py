"""A channel's creation, its joins and its rejoins."""

import pytest

from rx_phoenix import Channel, ChannelConflict, JoinRefused, Rejoin
from rx_phoenix.policy import Backoff
from tests.conformance.harness import TOPIC, hook_calls


def refuse(stage, response=None):
    stage.answer("phx_join", "error", {} if response is None else response)


@pytest.mark.case(111)
def test_a_new_channel_is_closed_and_not_joined(stage):
    channel = stage.channel()

    assert channel.state == "closed"
    assert channel.join_ref is None


@pytest.mark.case(111)
def test_a_channel_takes_its_sockets_timeout(make_stage):
    stage = make_stage(timeout=1.234)

    join = stage.channel().join()

    assert join.within == 1.234


@pytest.mark.case(113)
def test_a_function_of_params_is_asked_at_every_join(stage):
    numbers = iter(range(10))
    channel = stage.joined(params=lambda: {"n": next(numbers)})

    stage.say(channel, "phx_error")
    stage.wait(1)

    assert [join.payload for join in stage.server.sent("phx_join")] == [
        {"n": 0},
        {"n": 1},
    ]


@pytest.mark.defect(23)
def test_an_async_function_of_params_is_awaited_at_every_join(stage):
    numbers = iter(range(10))

    async def params():
        return {"n": next(numbers)}

    stage.connect()
    channel = stage.channel(params=params)
    channel.join()
    stage.wait(0)
    stage.answer("phx_join")
    stage.say(channel, "phx_error")
    stage.wait(1)

    assert [join.payload for join in stage.server.sent("phx_join")] == [
        {"n": 0},
        {"n": 1},
    ]


@pytest.mark.defect(23)
def test_a_function_of_params_that_raises_is_a_failed_join(stage):
    failure, answers = ValueError("mine"), [ValueError("mine"), {"n": 1}]
    answers[0] = failure

    def params():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    stage.connect()
    channel = stage.channel(params=params)
    calls = hook_calls(channel.join())
    assert channel.state == "errored"
    stage.wait(1)
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert calls == [("timeout", {}), ("ok", {})]
    assert stage.unhandled == [failure]
    stage.unhandled.clear()


@pytest.mark.case(114)
def test_a_channel_knows_its_topic_and_its_socket(stage):
    channel = stage.channel("topic", {"one": "two"})

    assert (channel.topic, channel.socket) == ("topic", stage.socket)


@pytest.mark.case(114)
@pytest.mark.defect(16)
def test_a_topic_has_one_channel(stage):
    channel = stage.channel("topic")

    assert stage.channel("topic") is channel


@pytest.mark.case(115)
def test_a_join_makes_the_channel_joining(stage):
    stage.connect()
    channel = stage.channel()

    channel.join()

    assert channel.state == "joining"


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


@pytest.mark.case(121)
def test_an_ok_makes_the_channel_joined(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()

    stage.answer("phx_join")

    assert channel.state == "joined"


@pytest.mark.case(122)
def test_an_ok_is_told_once_to_early_and_to_late_callbacks(stage):
    stage.connect()
    push = stage.channel().join()
    early = hook_calls(push)

    stage.answer("phx_join", "ok", {"n": 1})
    late = hook_calls(push)

    assert early == late == [("ok", {"n": 1})]


@pytest.mark.case(123)
def test_after_an_ok_nothing_else_is_told(stage):
    stage.connect()
    calls = hook_calls(stage.channel().join())
    stage.answer("phx_join")

    stage.wait(20)

    assert calls == [("ok", {})]


@pytest.mark.case(125)
def test_what_waited_is_sent_before_the_callbacks_of_an_ok(stage):
    stage.connect()
    channel, story = stage.channel(), []
    join = channel.join()
    channel.push("note")
    stage.socket.sent.subscribe(lambda message: story.append(message.event))
    join.receive("ok", lambda _: story.append("ok"))

    stage.answer("phx_join")

    assert story == ["note", "ok"]


@pytest.mark.case(126)
def test_a_second_ok_of_a_join_is_ignored(stage):
    stage.connect()
    calls = hook_calls(stage.channel().join())

    stage.answer("phx_join")
    stage.answer("phx_join")

    assert calls == [("ok", {})]


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
def test_an_error_makes_the_channel_errored_and_is_told_once(stage):
    stage.connect()
    channel = stage.channel()
    push = channel.join()
    early = hook_calls(push)

    refuse(stage, {"reason": "no"})
    late = hook_calls(push)

    assert channel.state == "errored"
    assert early == late == [("error", {"reason": "no"})]


@pytest.mark.case(127)
def test_after_an_error_no_timeout_is_told(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(60)))
    stage.connect()
    calls = hook_calls(stage.channel().join())

    refuse(stage)
    stage.wait(20)

    assert calls == [("error", {})]


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


@pytest.mark.case(135)
def test_a_join_that_timed_out_offline_is_sent_anew_at_the_open(stage):
    channel = stage.channel()
    channel.join().mark_seen()
    stage.wait(10)
    assert channel.state == "errored"

    stage.open()

    assert channel.state == "joining"
    assert stage.story == ["phx_join"]


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


@pytest.mark.case(140)
@pytest.mark.defect(6)
def test_an_unknown_status_of_a_join_is_a_refusal(stage):
    stage.connect()
    channel, failures = stage.channel(), []
    channel.join().subscribe(None, failures.append)

    stage.answer("phx_join", "maybe", {"n": 1})
    assert channel.state == "errored"
    stage.wait(1)

    assert (failures[0].status, failures[0].response) == ("maybe", {"n": 1})
    assert stage.times("J") == [0, 1]


@pytest.mark.case(141)
@pytest.mark.defect(16)
def test_a_second_join_of_a_topic_takes_part_in_the_first(stage):
    stage.connect()
    first, second = stage.channel().join(), stage.channel().join()
    stage.answer("phx_join")
    third = stage.channel().join()

    assert first is second is third
    assert stage.story == ["phx_join"]


@pytest.mark.case(141)
@pytest.mark.defect(16)
def test_a_second_channel_of_a_topic_made_by_hand_is_a_conflict(stage):
    first = stage.joined()

    second = Channel(TOPIC, {}, stage.socket)

    with pytest.raises(ChannelConflict):
        second.join()
    assert first.state == "joined"
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


@pytest.mark.defect(5)
@pytest.mark.defect(3)
def test_a_refusal_can_be_made_final(make_stage):
    def give_up(error):
        return error.response == {"reason": "unauthorized"}

    stage = make_stage(rejoin=Rejoin(Backoff.phoenix_rejoin(), give_up))
    stage.connect()
    channel, failures = stage.channel(), []
    channel.joined.subscribe(None, failures.append)

    refuse(stage, {"reason": "unauthorized"})
    stage.wait(60)

    assert [type(error) for error in failures] == [JoinRefused]
    assert stage.times("J") == [0]
    assert channel.state == "closed"


@pytest.mark.defect(12)
def test_a_joins_deadline_runs_from_the_call(stage):
    join = stage.channel().join()
    join.mark_seen()
    stage.wait(9)

    stage.connect()
    stage.wait(1)

    assert join.status == "timeout"


@pytest.mark.defect(17)
def test_a_channel_can_be_joined_again_after_it_was_left(stage):
    channel = stage.joined()
    channel.leave()
    stage.answer("phx_leave")

    again = channel.join()
    stage.answer("phx_join")

    assert again.status == "ok"
    assert channel.state == "joined"


@pytest.mark.defect(17)
def test_subscribing_joins_and_disposing_leaves(stage):
    stage.connect()
    payloads = []
    lease = stage.socket.stream(TOPIC, "event").subscribe(payloads.append)
    stage.answer("phx_join")
    stage.receive("event", 1)

    lease.dispose()

    assert payloads == [1]
    assert stage.story == ["phx_join", "phx_leave"]
    stage.answer("phx_leave")


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
