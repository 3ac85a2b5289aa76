"""Every event of the reference app, pushed over a real socket."""

import pytest

from rx_phoenix import PushCancelled, PushRefused, PushTimeout, Reply, Socket
from tests.integration.waiting import first, listing

ANSWERED = [
    (
        "echo",
        {"n": 1, "ä": ["ß", None, 1.5, True]},
        {"n": 1, "ä": ["ß", None, 1.5, True]},
    ),
    ("ok", {}, {}),
    ("delay", {"ms": 30}, {"ms": 30}),
    ("hang", {"ms": 30}, {}),
    ("burst_reply", {"n": 3}, {"n": 3}),
    ("big", {"n": 3}, {"data": "xxx"}),
    ("reply_twice", {"a": 0}, {"a": 0, "n": 1}),
    ("stop_reply", {}, {}),
    ("shout_others", {"a": 0}, {}),
]
REFUSED = [
    ("fail", {}, "error", {"reason": "nope"}),
    ("custom_status", {"status": "later"}, "later", {"s": "later"}),
]
PUSHED = [
    ("burst", {"n": 2}, "tick", [{"i": 0}, {"i": 1}]),
    ("push_me", {"event": "hi", "payload": {"a": 1}}, "hi", [{"a": 1}]),
    ("shout", {"m": 1}, "shout", [{"m": 1}]),
]


@pytest.mark.parametrize(("event", "payload", "response"), ANSWERED)
async def test_an_event_is_answered(joined, event, payload, response):
    assert await joined.push(event, payload) == response


@pytest.mark.parametrize(("event", "payload", "status", "response"), REFUSED)
async def test_another_status_than_ok_is_a_refusal(
    joined, event, payload, status, response
):
    push = joined.push(event, payload)

    with pytest.raises(PushRefused) as refusal:
        await push

    assert (refusal.value.status, refusal.value.response) == (status, response)
    assert await push.outcome == Reply(status, response)


@pytest.mark.parametrize(("event", "payload", "name", "heard"), PUSHED)
async def test_what_the_server_pushes_is_heard_in_order(
    joined, event, payload, name, heard
):
    by_callback = []
    joined.on(name, by_callback.append)
    by_stream = listing(joined.events(name))

    joined.push(event, payload)
    await joined.push("ok")

    assert by_callback == by_stream == heard


async def test_the_events_of_a_burst_come_before_its_answer(joined):
    seen = []
    joined.on("tick", lambda payload: seen.append(payload["i"]))

    await joined.push("burst_reply", {"n": 1000}).receive("ok", seen.append)

    assert seen == [*range(1000), {"n": 1000}]


async def test_a_broadcast_to_others_is_not_for_its_sender(joined):
    shouts = listing(joined.events("shout"))

    await joined.push("shout_others", {"m": 1})
    joined.push("shout", {"m": 2})
    await joined.push("ok")

    assert shouts == [{"m": 2}]


async def test_a_second_answer_is_counted_and_no_more(socket, joined):
    push = joined.push("reply_twice", {})
    responses = listing(push)
    await joined.push("ok")

    stats = await first(socket.stats)

    assert responses == [{"n": 1}]
    assert stats.late_replies == 1


async def test_an_event_without_an_answer_times_out(joined):
    with pytest.raises(PushTimeout):
        await joined.push("noreply", timeout=0.05)


async def test_an_answer_after_the_deadline_is_counted_and_no_more(socket, joined):
    with pytest.raises(PushTimeout):
        await joined.push("delay", {"ms": 100}, timeout=0.02)
    await joined.push("delay", {"ms": 100})

    assert (await first(socket.stats)).late_replies == 1


async def test_an_answer_waits_for_no_other(joined):
    unanswered = joined.push("noreply")

    assert await joined.push("echo", {"n": 1}) == {"n": 1}
    assert unanswered.status is None


async def test_a_million_characters_come_and_go(joined):
    text = "ü" * 500_000

    assert await joined.push("big", {"n": 1_000_000}) == {"data": "x" * 1_000_000}
    assert await joined.push("echo", {"text": text}) == {"text": text}


async def test_hundreds_of_pushes_are_answered_in_order(joined):
    answers = []
    pushes = [
        joined.push("echo", {"n": n}, timeout=60).receive("ok", answers.append)
        for n in range(900)
    ]

    await pushes[-1]

    assert answers == [{"n": n} for n in range(900)]


async def test_pushes_before_the_join_are_sent_after_it_in_order(channel):
    channel.join()
    pushes = [channel.push("echo", {"n": n}) for n in range(10)]

    assert [await push for push in pushes] == [{"n": n} for n in range(10)]


async def test_pushes_before_the_connection_are_sent_after_it(app, fast_retries):
    socket = Socket(app.url, **fast_retries)
    try:
        channel = socket.channel(app.new("room:"))
        channel.join()

        assert await channel.push("echo", {"early": True}) == {"early": True}
    finally:
        await socket.aclose()


async def test_a_push_that_waits_is_sent_as_it_was_given(channel):
    channel.join()
    payload = {"list": [1]}
    push = channel.push("echo", payload)
    payload["list"].append(2)

    assert await push == {"list": [1]}


async def test_a_push_that_was_cancelled_in_time_is_not_sent(socket, channel):
    sent = listing(socket.sent)
    channel.join()
    push = channel.push("crash")
    push.cancel()

    await channel.push("ok")

    assert "crash" not in [message.event for message in sent]
    with pytest.raises(PushCancelled):
        await push


async def test_the_server_knows_us(app, fast_retries):
    user = app.new("user ü/")
    socket = Socket(
        app.url,
        params={"user_id": user, "nested": {"a": {"b": "c"}}},
        auth_token="sécret~>?",
        headers={"X-Request": "1"},
        **fast_retries,
    )
    async with socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()
        me = await channel.push("whoami")
        join_ref = channel.join_ref

    assert me["user_id"] == user
    assert me["id"] == f"user:{user}"
    assert me["params"]["nested"] == {"a": {"b": "c"}}
    assert me["auth_token"] == "sécret~>?"
    assert me["x_headers"] == {"x-request": "1"}
    assert me["transport"] == "websocket"
    assert me["join_ref"] == join_ref
