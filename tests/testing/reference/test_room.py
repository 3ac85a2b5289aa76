import pytest

NOPE = ("error", {"reason": "nope"})
CRASH = ("phx_error", {"reason": "channel_crash"})
CLOSE = ("phx_close", {})


@pytest.mark.parametrize(
    ("topic", "params", "answer"),
    [
        ("room:1", {"p": 1}, ("ok", {"topic": "room:1", "params": {"p": 1}})),
        ("exact", {}, ("ok", {"topic": "exact", "params": {}})),
        ("exact:1", {}, ("error", {"reason": "unmatched topic"})),
        ("room:forbidden", {}, ("error", {"reason": "unauthorized"})),
        ("room:crash_join", {}, ("error", {"reason": "join crashed"})),
        ("room:badreturn", {}, ("error", {"reason": "join crashed"})),
        ("room:plain", {}, ("ok", {})),
        ("room:after_join", {}, ("ok", {"topic": "room:after_join"})),
        (
            "room:slow",
            {"ms": 1},
            ("ok", {"topic": "room:slow", "params": {"ms": 1}}),
        ),
    ],
)
async def test_a_topic_decides_about_the_join(visit, topic, params, answer):
    client = await visit(topic)

    assert await client.join(params) == answer


async def test_after_join_is_welcomed(enter):
    client = await enter("room:after_join", params={"w": 1})

    assert await client.receive() == ("welcome", {"w": 1})


@pytest.mark.parametrize(
    ("params", "refusals"), [({}, 1), ({"key": "k", "fail": 2}, 2)]
)
async def test_flaky_refuses_a_few_times(visit, params, refusals):
    client = await visit("room:flaky")

    for n in range(refusals):
        assert await client.join(params) == ("error", {"reason": "flaky", "n": n})
    assert await client.join(params) == ("ok", {"topic": "room:flaky", "n": refusals})


async def test_flaky_counts_by_key_and_for_each_app(visit):
    client = await visit("room:flaky")

    for key in "ab":
        status, _ = await client.join({"key": key})
        assert status == "error"


@pytest.fixture
async def room(enter):
    return await enter("room:1", "&user_id=ann")


@pytest.mark.parametrize(
    ("event", "payload", "answer"),
    [
        ("echo", {"a": [1]}, ("ok", {"a": [1]})),
        ("ok", {}, ("ok", {})),
        ("fail", {}, NOPE),
        ("custom_status", {"status": "maybe"}, ("maybe", {"s": "maybe"})),
        ("delay", {"ms": 1}, ("ok", {"ms": 1})),
        ("hang", {"ms": 1}, ("ok", {})),
        ("big", {"n": 3}, ("ok", {"data": "xxx"})),
        ("shout_others", {}, ("ok", {})),
        ("stop_reply", {}, ("ok", {})),
    ],
)
async def test_an_event_has_a_reply(room, event, payload, answer):
    assert await room.request(event, payload) == answer


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ("crash", CRASH),
        ("exit", CRASH),
        ("stop_error", CRASH),
        ("what", CRASH),
        ("echo_binary", CRASH),
        ("fail_binary", CRASH),
        ("binary_size", CRASH),
        ("stop", CLOSE),
        ("shutdown", CLOSE),
        ("shutdown_reason", CLOSE),
    ],
)
async def test_an_event_ends_the_channel(room, event, end):
    await room.send(event)

    assert await room.receive() == end


@pytest.mark.parametrize(
    ("event", "payload", "messages"),
    [
        ("shout", {"m": 1}, [("shout", {"m": 1})]),
        ("burst", {"n": 2}, [("tick", {"i": 0}), ("tick", {"i": 1})]),
        ("push_me", {"event": "e", "payload": {"m": 1}}, [("e", {"m": 1})]),
        ("noreply", {}, []),
    ],
)
async def test_an_event_is_followed_by_others(room, event, payload, messages):
    await room.send(event, payload)
    await room.send("echo", "behind", ref="3")

    received = [await room.receive() for _ in messages]
    assert received == messages
    assert (await room.receive())[1]["response"] == "behind"


async def test_a_burst_can_end_with_a_reply(room):
    await room.send("burst_reply", {"n": 1})

    assert await room.receive() == ("tick", {"i": 0})
    assert (await room.receive())[1] == {"status": "ok", "response": {"n": 1}}


async def test_one_ref_can_have_two_replies(room):
    await room.send("reply_twice", {"x": 1})

    replies = [(await room.receive())[1]["response"] for _ in range(2)]
    assert replies == [{"x": 1, "n": 1}, {"x": 1, "n": 2}]


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ("echo", b"\1\1\1\6\2" + b"12room:1ok" + b"\xff"),
        ("echo_binary", b"\1\1\1\6\2" + b"12room:1ok" + b"\xff"),
        ("fail_binary", b"\1\1\1\6\5" + b"12room:1error" + b"\xff"),
        ("broadcast_binary", b"\2\6\4" + b"room:1bbin" + b"\xff"),
    ],
)
async def test_bytes_are_answered_with_bytes(room, event, answer):
    head = bytes([0, 1, 1, 6, len(event)])
    await room.websocket.send_bytes(head + b"12room:1" + event.encode() + b"\xff")

    assert await room.websocket.receive_bytes() == answer


@pytest.mark.parametrize(
    ("event", "frame"),
    [
        ("push_binary", b"\0\1\6\3" + b"1room:1bin" + b"\0\1\2\xfe\xff"),
        ("broadcast_binary", b"\2\6\4" + b"room:1bbin" + b"\1\2\3"),
    ],
)
async def test_bytes_are_pushed(room, event, frame):
    await room.send(event)

    assert await room.websocket.receive_bytes() == frame


async def test_the_size_of_bytes_can_be_asked(room):
    await room.websocket.send_bytes(b"\0\1\1\6\x0b" + b"12room:1binary_size" + b"abc")

    assert (await room.receive())[1]["response"] == {"size": 3}


async def test_a_user_can_be_kicked(room):
    await room.send("kick_me")

    assert (await room.websocket.receive()).data == 1001


async def test_a_user_without_an_id_cannot_be_kicked(enter):
    stranger = await enter("room:1")

    await stranger.send("kick_me")

    assert await stranger.receive() == CRASH


async def test_a_transport_can_be_killed(room):
    await room.send("kill_transport")

    await room.websocket.receive()
    assert room.websocket.close_code == 1006


async def test_a_client_can_request_its_own_data(server, http, enter):
    http.headers["X-Foo"] = "bar"
    http.headers["User-Agent"] = "ref/1"
    client = await enter("room:1", "&user_id=ann&a[b]=c")

    assert await client.request("whoami") == (
        "ok",
        {
            "auth_token": None,
            "id": "user:ann",
            "join_ref": "1",
            "params": {"vsn": "2.0.0", "user_id": "ann", "a": {"b": "c"}},
            "serializer": "Phoenix.Socket.V2.JSONSerializer",
            "transport": "websocket",
            "uri": (
                f"http://127.0.0.1:{server.port}"
                "/socket/websocket?vsn=2.0.0&user_id=ann&a%5Bb%5D=c"
            ),
            "user_agent": "ref/1",
            "user_id": "ann",
            "x_headers": {"x-foo": "bar"},
        },
    )
