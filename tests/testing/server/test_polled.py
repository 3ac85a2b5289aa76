import asyncio

import pytest

from rx_phoenix.testing._server.codec import Frame
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.polled import PollBuffer, PolledSession
from rx_phoenix.testing._server.session import CloseCode, Session
from tests.testing.server.fakes import server_socket

ONE, TWO = Frame(b"1"), Frame(b"2")


@pytest.fixture
async def buffer():
    return PollBuffer()


@pytest.fixture
async def session(buffer):
    return Session(buffer, server_socket(), Endpoint(), {}, None)


async def test_frames_wait_for_the_next_poll(buffer):
    await buffer.send(ONE)
    await buffer.send(TWO)

    assert buffer.take() == [ONE, TWO]
    assert buffer.take() == []


async def test_a_waiting_poll_ends_with_the_first_frame(buffer):
    waiting = buffer.next_frame()
    assert not waiting.done()

    await buffer.send(ONE)
    await buffer.send(TWO)

    assert waiting.done()
    assert buffer.take() == [ONE, TWO]


async def test_only_the_latest_waiting_poll_ends(buffer):
    first, last = buffer.next_frame(), buffer.next_frame()

    await buffer.send(ONE)

    assert (first.done(), last.done()) == (False, True)


async def test_the_end_of_a_session_does_not_end_a_waiting_poll(buffer):
    waiting = buffer.next_frame()

    await buffer.close(CloseCode.GOING_AWAY)
    buffer.abort()

    assert not waiting.done()


async def test_a_session_without_polls_ends(buffer, session):
    polled = PolledSession(session, buffer, 0.01)

    await polled.task


async def test_a_poll_keeps_a_session_alive(buffer, session):
    loop = asyncio.get_running_loop()
    began = loop.time()
    polled = PolledSession(session, buffer, 0.05)
    loop.call_later(0.03, polled.keep_alive)

    await polled.task

    assert loop.time() - began > 0.075


async def test_a_session_is_known_while_it_lives(buffer, session):
    polled = PolledSession(session, buffer, 3600.0)
    assert session.endpoint.sessions == {session}

    session.end(None)

    await polled.task
    assert session.endpoint.sessions == set()


async def test_a_session_that_ended_is_not_ended_again(buffer, session):
    polled = PolledSession(session, buffer, 3600.0)

    session.disconnect()

    await polled.task
