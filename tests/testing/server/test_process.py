import asyncio

import pytest

from rx_phoenix.testing._server.channel import ServerChannel
from rx_phoenix.testing._server.codec import Message
from rx_phoenix.testing._server.process import ChannelProcess, JoinError
from rx_phoenix.testing._time.loop import VirtualLoop
from tests.testing.server.fakes import Host

JOIN = Message("1", "1", "room:1", "phx_join", {"n": 1})
OK = '["1","1","room:1","phx_reply",{"response":{},"status":"ok"}]'
CRASHED = (
    '["1","1","room:1","phx_reply",'
    '{"response":{"reason":"join crashed"},"status":"error"}]'
)
LEFT = '["1","9","room:1","phx_reply",{"response":{},"status":"ok"}]'


def message(event, payload=None, ref="2"):
    return Message("1", ref, "room:1", event, payload)


def in_virtual_time(coroutine):
    loop = VirtualLoop()
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()


@pytest.fixture
async def host():
    return Host()


class Room(ServerChannel):
    """Does what it is sent, and notes the event."""

    def __init__(self):
        self.handled = []

    async def handle_in(self, event, payload, ref):
        self.handled.append(event)
        if payload is not None:
            await payload()
            self.handled.append(f"{event} done")


@pytest.fixture
def room():
    return Room()


@pytest.fixture
async def process(host, room):
    process, _ = await host.join(lambda: room, JOIN)
    return process


async def test_a_join_is_answered_with_the_return_value(host):
    class Greeter(ServerChannel):
        async def join(self, params):
            return {"got": params}

    process, joined = await host.join(Greeter, JOIN)

    assert joined.is_ok
    assert process.is_joined
    assert joined.frame.data.decode() == OK.replace("{}", '{"got":{"n":1}}')


async def test_a_join_that_returns_nothing_is_answered_with_an_empty_map(host):
    _, joined = await host.join(ServerChannel, JOIN)

    assert joined.frame.data.decode() == OK


@pytest.mark.parametrize("is_raised", [True, False])
@pytest.mark.parametrize(
    ("reason", "response"),
    [("no", '{"reason":"no"}'), ({"n": 0, "reason": "no"}, '{"n":0,"reason":"no"}')],
)
async def test_a_join_can_be_refused(host, is_raised, reason, response):
    class Bouncer(ServerChannel):
        def join(self, params):
            refusal = JoinError(reason)
            if is_raised:
                raise refusal
            return refusal

    process, joined = await host.join(Bouncer, JOIN)

    assert not joined.is_ok
    assert not process.is_joined
    assert f'{{"response":{response},"status":"error"}}' in joined.frame.data.decode()


def unmade():
    raise RuntimeError


class Raising(ServerChannel):
    def join(self, params):
        raise RuntimeError


class Senseless(ServerChannel):
    def join(self, params):
        return object()


class Cancelled(ServerChannel):
    async def join(self, params):
        raise asyncio.CancelledError


@pytest.mark.parametrize("factory", [unmade, Raising, Senseless, Cancelled])
async def test_a_join_can_crash(host, factory):
    _, joined = await host.join(factory, JOIN)

    assert not joined.is_ok
    assert joined.frame.data.decode() == CRASHED
    assert not await host.ending


async def test_a_join_that_is_cancelled_before_it_begins_is_answered(host):
    process = ChannelProcess(ServerChannel, host, JOIN)

    process.cancel()

    assert (await process.joined).frame.data.decode() == CRASHED


async def test_a_channel_uses_the_ref_of_a_join_without_a_join_ref(host, room):
    join = JOIN._replace(join_ref=None, ref="60")

    process, joined = await host.join(lambda: room, join)
    room.push("e", {})

    assert process.join_ref is None
    assert joined.frame.data.decode().startswith('[null,"60"')
    assert host.texts == ['["60",null,"room:1","e",{}]']


async def test_messages_are_handled_one_at_a_time(room, process, host):
    gate = asyncio.Event()

    process.handle_in(message("slow", gate.wait))
    process.handle_in(message("next"))
    asyncio.get_running_loop().call_soon(gate.set)
    process.leave(message("phx_leave", ref="9"))

    assert await host.ending
    assert room.handled == ["slow", "slow done", "next"]


async def test_a_leave_is_answered_and_ends_the_channel(process, host):
    process.leave(message("phx_leave", ref="9"))

    assert await host.ending
    assert host.texts == [LEFT]


async def test_messages_after_a_leave_are_not_handled(room, process, host):
    process.leave(message("phx_leave", ref="9"))
    process.handle_in(message("late"))
    process.leave(message("phx_leave", ref="10"))

    await host.ending
    assert room.handled == []
    assert host.texts == [LEFT]


async def test_a_method_that_raises_crashes_the_channel(room, process, host):
    async def crash():
        raise RuntimeError

    process.handle_in(message("crash", crash))
    process.handle_in(message("late"))

    assert not await host.ending
    assert room.handled == ["crash"]


async def test_a_method_that_raises_cancelled_error_crashes_the_channel(process, host):
    async def cancel():
        raise asyncio.CancelledError

    process.handle_in(message("cancel", cancel))

    assert not await host.ending


@pytest.mark.parametrize(
    ("reason", "is_clean"),
    [
        ("normal", True),
        ("shutdown", True),
        ("shutdown: why", True),
        ("boom", False),
    ],
)
async def test_the_reason_decides_whether_a_stop_is_clean(
    process, host, reason, is_clean
):
    process.stop(reason)

    assert await host.ending is is_clean


async def test_the_first_reason_to_stop_counts(process, host):
    process.stop("normal")
    process.stop("boom")

    assert await host.ending


def test_a_delayed_call_runs_after_its_delay(room):
    def note(what):
        room.handled.append(what)

    async def live():
        host = Host()
        process, _ = await host.join(lambda: room, JOIN)
        process.post_later(2, lambda: note("second"))
        process.post_later(1, lambda: note("first"))
        process.post_later(3, lambda: process.stop("normal"))
        await host.ending

    in_virtual_time(live())
    assert room.handled == ["first", "second"]


def test_a_delayed_call_is_dropped_with_the_channel(room):
    async def live():
        host = Host()
        process, _ = await host.join(lambda: room, JOIN)
        process.post_later(1, lambda: room.handled.append("late"))
        process.stop("normal")
        await host.ending
        await asyncio.sleep(2)

    in_virtual_time(live())
    assert room.handled == []


async def test_a_channel_can_be_cancelled_within_a_method(room, process, host):
    process.handle_in(message("forever", asyncio.Event().wait))
    await asyncio.sleep(0)

    await asyncio.wait([process.cancel()])

    assert not process.is_joined
    assert not await host.ending
    assert room.handled == ["forever"]


async def test_a_channel_that_ended_gets_no_broadcast_and_is_not_present(
    room, process, host
):
    room.presence.track(room, "ann", {})
    process.stop("normal")
    await host.ending
    host.frames.clear()

    host.endpoint.broadcast("room:1", "e", {})

    assert host.frames == []
    assert host.endpoint.presence.list("room:1") == {}


async def test_a_refused_join_that_tracked_leaves_no_presence(host):
    class Eager(ServerChannel):
        def join(self, params):
            self.presence.track(self, "ann", {})
            raise JoinError("no")

    await host.join(Eager, JOIN)
    await host.ending

    assert host.endpoint.presence.list("room:1") == {}
