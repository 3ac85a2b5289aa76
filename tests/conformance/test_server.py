"""What the server does, as the server in the box does it."""

import json

import aiohttp
import pytest

from rx_phoenix.testing._reference import reference_app

pytestmark = pytest.mark.integration


class Router:
    """A WebSocket, frame by frame."""

    def __init__(self, websocket):
        self._websocket = websocket

    async def say(self, *frame):
        await self._websocket.send_str(json.dumps(frame))

    async def hear(self, count):
        """The next frames, replies without their wrapping."""
        return [await self._next() for _ in range(count)]

    async def _next(self):
        join_ref, ref, _, event, payload = await self._websocket.receive_json(timeout=5)
        if event == "phx_reply":
            return [join_ref, ref, payload["status"], payload["response"]]
        return [join_ref, ref, event, payload]


@pytest.fixture
async def wire():
    async with (
        reference_app() as server,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{server.url}/websocket?vsn=2.0.0") as websocket,
    ):
        yield Router(websocket)


@pytest.mark.case(266)
async def test_a_second_join_is_answered_and_then_the_first_is_closed(wire):
    await wire.say("1", "1", "room:plain", "phx_join", {})
    await wire.say("2", "2", "room:plain", "phx_join", {})
    await wire.say("2", "3", "room:plain", "burst", {"n": 1})

    assert await wire.hear(4) == [
        ["1", "1", "ok", {}],
        ["2", "2", "ok", {}],
        ["1", "1", "phx_close", {}],
        ["2", None, "tick", {"i": 0}],
    ]


@pytest.mark.case(267)
async def test_a_leave_is_answered_and_then_the_channel_is_closed(wire):
    await wire.say("1", "1", "room:plain", "phx_join", {})
    await wire.say("1", "2", "room:plain", "phx_leave", {})

    assert await wire.hear(3) == [
        ["1", "1", "ok", {}],
        ["1", "2", "ok", {}],
        ["1", "1", "phx_close", {}],
    ]


@pytest.mark.case(269)
async def test_a_message_without_a_join_ref_is_taken(wire):
    await wire.say("1", "1", "room:plain", "phx_join", {})
    await wire.say(None, "2", "room:plain", "echo", {"n": 1})

    assert (await wire.hear(2))[1] == ["1", "2", "ok", {"n": 1}]


@pytest.mark.case(270)
async def test_the_101st_channel_of_a_socket_is_refused(wire):
    for number in range(101):
        await wire.say(str(number), str(number), f"room:{number}", "phx_join", {})

    *accepted, refused = await wire.hear(101)

    assert {status for _, _, status, _ in accepted} == {"ok"}
    assert refused == ["100", "100", "error", {"reason": "too many channels joined"}]


@pytest.mark.case(271)
async def test_a_crash_is_told_with_the_ref_of_the_join_and_a_reason(wire):
    await wire.say("1", "1", "room:plain", "phx_join", {})
    await wire.say("1", "2", "room:plain", "crash", {})

    assert (await wire.hear(2))[1] == [
        "1",
        "1",
        "phx_error",
        {"reason": "channel_crash"},
    ]
