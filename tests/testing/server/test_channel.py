import asyncio

import pytest

from rx_phoenix.testing._server.channel import ServerChannel
from rx_phoenix.testing._server.codec import Message, Opcode
from tests.testing.server.fakes import Host, Subscriber

JOIN = Message("1", "1", "room:1", "phx_join", {})


@pytest.fixture
async def host():
    return Host()


@pytest.fixture
async def channel(host):
    channel = ServerChannel()
    await host.join(lambda: channel, JOIN)
    return channel


@pytest.fixture
def neighbour(host):
    neighbour = Subscriber()
    host.endpoint.topics.subscribe("room:1", neighbour)
    return neighbour


async def test_a_channel_knows_where_it_is(host, channel):
    assert channel.topic == "room:1"
    assert channel.join_ref == "1"
    assert channel.socket is host.socket
    assert channel.endpoint is host.endpoint
    assert channel.presence is host.endpoint.presence


async def test_a_reply_carries_the_ref_it_answers(host, channel):
    channel.reply("7", "maybe", [1])
    channel.reply(8)

    assert host.texts == [
        '["1","7","room:1","phx_reply",{"response":[1],"status":"maybe"}]',
        '["1",8,"room:1","phx_reply",{"response":{},"status":"ok"}]',
    ]


async def test_a_push_goes_to_its_client_only(host, channel, neighbour):
    channel.push("e", {"n": 1})

    assert host.texts == ['["1",null,"room:1","e",{"n":1}]']
    assert neighbour.texts == []


async def test_a_broadcast_goes_to_every_subscriber(host, channel, neighbour):
    channel.broadcast("e")

    assert host.texts == neighbour.texts == ['[null,null,"room:1","e",{}]']


async def test_a_broadcast_from_a_channel_skips_it(host, channel, neighbour):
    channel.broadcast_from("e")

    assert host.texts == []
    assert neighbour.texts == ['[null,null,"room:1","e",{}]']


async def test_bytes_make_a_binary_frame(host, channel):
    channel.push("bin", b"\0\xff")

    assert host.frames[0].opcode is Opcode.BINARY


@pytest.mark.parametrize("payload", [[1], None, "text", 1])
async def test_a_payload_that_is_no_map_is_an_error(channel, payload):
    for send in (channel.push, channel.broadcast):
        with pytest.raises(TypeError, match="expected payload to be a map"):
            send("e", payload)


async def test_an_unhandled_event_is_a_crash(channel):
    with pytest.raises(LookupError, match="no handle_in for the event 'what'"):
        channel.handle_in("what", {}, "2")


@pytest.mark.parametrize("seconds", [0, 0.0, 0.001])
async def test_a_delayed_call_runs_in_order(host, channel, seconds):
    async def note(*args):
        channel.push("noted", {"args": list(args)})
        channel.stop()

    channel.later(seconds, note, 1, 2)

    assert await host.ending
    assert host.texts == ['["1",null,"room:1","noted",{"args":[1,2]}]']


async def test_a_channel_stops_for_a_reason(host, channel):
    channel.stop("boom")

    assert not await host.ending


async def test_a_channel_can_kill_its_transport(host, channel):
    channel.kill_transport()

    assert host.is_killed


@pytest.mark.parametrize("what", ["push", "reply", "broadcast", "broadcast_from"])
async def test_nothing_is_sent_before_the_join_is_over(host, what):
    response = []

    class Hasty(ServerChannel):
        def join(self, params):
            try:
                getattr(self, what)("e")
            except RuntimeError as error:
                response.append(str(error))

    await host.join(Hasty, JOIN)

    assert f"self.later(0.0, self.{what}, …)" in response[0]


async def test_nothing_is_sent_after_the_end(host, channel):
    channel.stop()
    await host.ending

    with pytest.raises(RuntimeError):
        channel.push("e")
    assert host.frames == []


async def test_a_call_deferred_by_a_join_follows_its_reply(host):
    class Welcoming(ServerChannel):
        def join(self, params):
            self.later(0.0, self.push, "welcome")

    await host.join(Welcoming, JOIN)
    await asyncio.sleep(0)

    assert host.texts == ['["1",null,"room:1","welcome",{}]']
