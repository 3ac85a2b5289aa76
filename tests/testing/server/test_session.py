import asyncio

import pytest

from rx_phoenix.testing._server.channel import ServerChannel
from rx_phoenix.testing._server.codec import Frame
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.session import TURNS, CloseCode, Session
from tests.testing.server.fakes import Connection, server_socket


class Room(ServerChannel):
    def handle_in(self, event, payload, ref):
        match event:
            case "echo":
                self.reply(ref, "ok", payload)
            case "stop":
                self.stop(payload)
            case _:
                super().handle_in(event, payload, ref)


class Gated(Room):
    """A room whose joins wait for the gate."""

    gate: asyncio.Event

    async def join(self, params):
        await self.gate.wait()


def joined(ref, topic="room:1", response="{}"):
    return (
        f'["{ref}","{ref}","{topic}","phx_reply",'
        f'{{"response":{response},"status":"ok"}}]'
    )


def refused(join_ref, ref, topic, reason):
    return (
        f'[{join_ref},"{ref}","{topic}","phx_reply",'
        f'{{"response":{{"reason":"{reason}"}},"status":"error"}}]'
    )


def closed(ref, topic="room:1"):
    return f'["{ref}","{ref}","{topic}","phx_close",{{}}]'


UNMATCHED = "unmatched topic"
JOIN = '["1","1","room:1","phx_join",{}]'
BEAT = '[null,"h","phoenix","heartbeat",{}]'
ALIVE = '[null,"h","phoenix","phx_reply",{"response":{},"status":"ok"}]'


@pytest.fixture
async def connection():
    return Connection()


@pytest.fixture
def endpoint():
    return Endpoint()


@pytest.fixture
def gate():
    Gated.gate = asyncio.Event()
    return Gated.gate


@pytest.fixture
async def session(connection, endpoint):
    channels = {"room:*": Room, "gated:*": Gated}
    return Session(connection, server_socket(id="ann"), endpoint, channels, 3)


@pytest.fixture
async def running(session):
    """The task that runs the session."""
    task = asyncio.create_task(session.run())
    yield task
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def send(session, running):
    """Send texts of the client, all at once."""

    def send(*texts):
        for text in texts:
            session.receive(text)

    return send


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (BEAT, ALIVE),
        ('["9","h","phoenix","heartbeat",{}]', ALIVE),
        (JOIN, joined("1")),
        (
            '["1","2","room:1","echo",{}]',
            refused("null", 2, "room:1", UNMATCHED),
        ),
        ('["1","2","nope","phx_join",{}]', refused("null", 2, "nope", UNMATCHED)),
        ('[null,"2","phoenix","other",{}]', refused("null", 2, "phoenix", UNMATCHED)),
        (
            '["1","2","room:1","phx_leave",{}]',
            '["1","2","room:1","phx_reply",{"response":{},"status":"ok"}]',
        ),
    ],
)
async def test_a_client_that_joined_nothing_gets_an_answer(
    connection, send, text, answer
):
    send(text)

    assert await connection.received(1) == [answer]


@pytest.mark.parametrize("topic", ["3", "null", "[]", "{}"])
async def test_a_topic_that_is_not_a_string_matches_nothing(connection, send, topic):
    send(f'["1","2",{topic},"phx_join",{{}}]')

    (text,) = await connection.received(1)
    assert text.startswith(f'[null,"2",{topic},"phx_reply"')
    assert UNMATCHED in text


async def test_a_message_of_the_channel_reaches_it(connection, send):
    send(JOIN, '["1","2","room:1","echo",{"n":1}]', '[null,"3","room:1","echo",7]')

    assert (await connection.received(3))[1:] == [
        '["1","2","room:1","phx_reply",{"response":{"n":1},"status":"ok"}]',
        '["1","3","room:1","phx_reply",{"response":7,"status":"ok"}]',
    ]


@pytest.mark.parametrize("join_ref", ['"0"', "1"])
@pytest.mark.parametrize("event", ["echo", "phx_leave"])
async def test_a_message_of_another_join_is_ignored(connection, send, join_ref, event):
    send(JOIN, f'[{join_ref},"2","room:1","{event}",{{}}]', BEAT)

    assert await connection.received(2) == [joined("1"), ALIVE]


async def test_a_join_blocks_the_messages_after_it(connection, send, session, gate):
    send('["1","1","gated:1","phx_join",{}]', BEAT)
    await asyncio.sleep(0)
    assert session.is_joining
    gate.set()

    assert await connection.received(2) == [joined("1", "gated:1"), ALIVE]
    assert not session.is_joining


async def test_a_second_join_closes_the_first_after_its_reply(connection, send):
    send(JOIN, '["2","2","room:1","phx_join",{}]', '["2","3","room:1","echo",{}]')

    texts = await connection.received(4)
    assert texts[:3] == [joined("1"), joined("2"), closed("1")]
    assert texts[3].startswith('["2","3"')


async def test_a_leave_and_a_join_at_once_is_a_second_join(connection, send):
    send(JOIN)
    await connection.received(1)

    send('["1","2","room:1","phx_leave",{}]', '["3","3","room:1","phx_join",{}]', BEAT)

    assert (await connection.received(4))[1:] == [joined("3"), ALIVE, closed("1")]


async def test_the_number_of_channels_is_limited(connection, send):
    send(*(f'["{n}","{n}","room:{n}","phx_join",{{}}]' for n in range(5)))

    texts = await connection.received(5)
    assert texts[2] == joined("2", "room:2")
    assert texts[3] == refused('"3"', 3, "room:3", "too many channels joined")


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ('"stop","normal"', closed("1")),
        ('"crash",{}', '["1","1","room:1","phx_error",{"reason":"channel_crash"}]'),
        ("4,{}", '["1","1","room:1","phx_error",{"reason":"channel_crash"}]'),
    ],
)
async def test_the_end_of_a_channel_is_sent_and_frees_its_topic(
    connection, send, event, end
):
    send(JOIN, f'["1","2","room:1",{event}]')
    assert await connection.received(2) == [joined("1"), end]

    send('["3","3","room:1","phx_join",{}]')

    assert (await connection.received(3))[2] == joined("3")


@pytest.mark.parametrize(
    "data",
    [
        "{not json",
        b"\x09",
        b"\0\1\1\6\x08" + b"1" + b"1" + b"room:1" + b"phx_join",
    ],
)
async def test_an_invalid_message_ends_the_session(connection, send, running, data):
    send(data)

    await running
    assert connection.code is CloseCode.INTERNAL_ERROR


async def test_a_handled_message_resolves_its_future(session, running):
    loop = asyncio.get_running_loop()
    good, abandoned, bad = (loop.create_future() for _ in range(3))
    abandoned.cancel()

    session.receive(BEAT, good)
    session.receive(BEAT, abandoned)
    session.receive("{", bad)

    await running
    assert good.done()
    assert not bad.done()


async def test_a_frame_waits_its_turn(session, connection, running):
    session.receive(BEAT)
    session.deliver(Frame(b"next"))

    assert await connection.received(2) == [ALIVE, "next"]


async def test_a_disconnected_session_sends_a_close_code(session, connection, running):
    session.disconnect()

    await running
    assert connection.code is CloseCode.GOING_AWAY


async def test_a_killed_session_sends_no_close_code(session, connection, running):
    session.kill()

    await running
    assert connection.is_aborted
    assert connection.code is None


async def test_a_session_without_channels_is_closed_when_the_server_stops(
    session, connection, running
):
    session.stop()

    await running
    assert connection.code is CloseCode.NORMAL


async def test_a_session_with_a_channel_is_closed_for_a_restart(
    session, connection, send, running
):
    send(JOIN)
    await connection.received(1)
    session.stop()

    await running
    assert connection.code is CloseCode.RESTART


async def test_a_join_does_not_block_the_stop_of_the_server(
    session, connection, send, running, gate
):
    send('["1","1","gated:1","phx_join",{}]', BEAT, JOIN)
    await asyncio.sleep(0)

    session.stop()

    await running
    assert connection.texts == [refused('"1"', 1, "gated:1", "join crashed")]


async def test_a_lost_client_ends_its_session(connection, send, running, endpoint):
    send(JOIN)
    await connection.received(1)
    connection.is_broken = True
    send(BEAT)

    await running
    assert connection.code is None
    assert len(endpoint.topics) == 0


async def test_a_cancelled_session_ends_its_pending_join(send, running, gate, endpoint):
    send(JOIN, '["2","2","gated:1","phx_join",{}]')
    await asyncio.sleep(0)

    running.cancel()

    await asyncio.wait([running])
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert others == set()
    assert len(endpoint.topics) == 0


async def test_a_busy_session_yields_to_other_tasks(session, connection, running):
    for _ in range(5 * TURNS):
        session.deliver(Frame(b""))

    await asyncio.sleep(0)

    assert 0 < len(connection.texts) < 5 * TURNS
