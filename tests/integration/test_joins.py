"""Joining and leaving, over a real socket."""

from itertools import chain, repeat

import pytest

from rx_phoenix import (
    Channel,
    ChannelConflict,
    ChannelState,
    JoinRefused,
    NotJoinedError,
    PushCancelled,
    PushTimeout,
)
from tests.integration.waiting import first, listing, until

JOINED, CLOSED = ChannelState.JOINED, ChannelState.CLOSED


async def test_a_join_is_answered(app, socket):
    topic = app.new("room:")
    channel = socket.channel(topic, {"deep": [{"ü": None}]})

    assert await channel.join() == {"topic": topic, "params": {"deep": [{"ü": None}]}}
    assert channel.state is JOINED


async def test_a_topic_without_a_wildcard_is_joined(socket):
    assert await socket.channel("exact").join() == {"topic": "exact", "params": {}}


async def test_a_join_may_be_answered_with_nothing(socket):
    assert await socket.channel("room:plain").join() == {}


async def test_params_are_asked_for_at_each_join(app, socket):
    async def params():
        return {"n": next(numbers)}

    numbers = iter([1, 2])
    channel = socket.channel(app.new("room:"), params)

    before = await channel.join()
    await channel.leave()
    after = await channel.join()

    assert [before["params"], after["params"]] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("room:forbidden", "unauthorized"),
        ("room:crash_join", "join crashed"),
        ("room:badreturn", "join crashed"),
    ],
)
async def test_a_refused_join_says_why(socket, topic, reason):
    channel = socket.channel(topic)
    states = listing(channel.states)

    with pytest.raises(JoinRefused) as refusal:
        await channel.join()

    assert refusal.value.response == {"reason": reason}
    assert states[:3] == ["closed", "joining", "errored"]


async def test_a_topic_that_the_server_does_not_know_is_refused(socket):
    with pytest.raises(JoinRefused) as refusal:
        await socket.channel("nowhere:1").join()

    assert refusal.value.response == {"reason": "unmatched topic"}


async def test_a_refused_join_is_tried_until_it_is_accepted(app, socket):
    options = {"key": app.new(""), "fail": 2}
    channel = socket.channel(app.new("room:flaky"), options)
    accepted = first(channel.joins)
    said = []

    join = channel.join()
    for status in "ok", "error":
        join.receive(status, lambda response: said.append(response["n"]))

    assert (await accepted)["n"] == 2
    assert said == [0, 1, 2]
    with pytest.raises(JoinRefused):
        await join


async def test_a_late_answer_is_waited_for(socket):
    response = await socket.channel("room:slow", {"ms": 50}).join()

    assert response == {"topic": "room:slow", "params": {"ms": 50}}


async def test_a_join_without_an_answer_in_time_is_tried_again(socket):
    # Under load further joins may come too late as well.
    delays = chain([200], repeat(0))
    channel = socket.channel("room:slow", lambda: {"ms": next(delays)})
    joined = first(channel.joins)

    with pytest.raises(PushTimeout):
        await channel.join(timeout=0.1)

    assert (await joined)["params"] == {"ms": 0}


async def test_what_the_server_says_right_after_the_join_is_heard(socket):
    stream = socket.stream("room:after_join", "welcome", params={"name": "jo"})

    assert await first(stream) == {"name": "jo"}


async def test_a_join_on_the_way_is_the_join_of_everybody(channel):
    join = channel.join()

    assert channel.join() is join
    await join
    assert channel.join() is join


async def test_a_topic_has_one_channel(socket, channel):
    assert socket.channel(channel.topic) is channel


async def test_a_topic_in_use_takes_no_other_params(socket, joined):
    with pytest.raises(ChannelConflict):
        socket.channel(joined.topic, {"other": 1})


async def test_a_channel_made_by_hand_for_a_topic_in_use_cannot_join(socket, joined):
    with pytest.raises(ChannelConflict):
        Channel(joined.topic, {}, socket).join()


async def test_many_topics_are_joined_at_once(app, socket):
    channels = [socket.channel(app.new("room:")) for _ in range(50)]

    joins = [channel.join() for channel in channels]

    for channel, join in zip(channels, joins, strict=True):
        assert (await join)["topic"] == channel.topic


async def test_leaving_waits_for_the_server(joined):
    states = listing(joined.states)

    assert await joined.leave() == {}

    assert states == ["joined", "leaving", "closed"]


async def test_a_channel_that_was_left_takes_no_pushes(joined):
    await joined.leave()

    with pytest.raises(NotJoinedError):
        joined.push("echo")


async def test_leaving_while_joining_cancels_the_join(socket):
    channel = socket.channel("room:slow", {"ms": 50})
    join = channel.join()

    assert await channel.leave() == {}

    assert channel.state is CLOSED
    with pytest.raises(PushCancelled):
        await join


async def test_a_join_right_after_a_leave_is_answered(joined):
    leave = joined.leave()
    join = joined.join()

    assert await leave == {}
    assert (await join)["topic"] == joined.topic
    assert await joined.push("echo", {"n": 1}) == {"n": 1}


async def test_a_stream_joins_and_leaves_with_its_subscription(app, socket):
    channel = socket.channel(app.new("room:"))

    with channel.stream("tick").subscribe():
        await until(channel.states, JOINED)

    assert await until(channel.states, CLOSED)


async def test_a_session_lasts_until_the_leave(channel):
    events = []
    channel.session.subscribe(
        lambda response: events.append(response["topic"]),
        events.append,
        lambda: events.append("completed"),
    )
    await until(channel.states, JOINED)

    await channel.leave()

    assert events == [channel.topic, "completed"]


async def test_two_sockets_are_in_one_topic(app, socket, joined, fast_retries):
    async with type(socket)(app.url, **fast_retries) as other:
        channel = other.channel(joined.topic)
        await channel.join()
        heard = first(joined.events("shout"))
        channel.push("shout", {"from": "the other"})

        assert await heard == {"from": "the other"}

        await joined.leave()
        assert await channel.push("echo", {"alive": True}) == {"alive": True}
