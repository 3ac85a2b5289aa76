import asyncio

import pytest

from rx_phoenix.testing._server.codec import Frame
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.polled import PolledSession, PolledWire
from rx_phoenix.testing._server.session import CloseCode, Session
from tests.testing.server.fakes import server_socket

ONE, TWO = Frame(b"1"), Frame(b"2")


@pytest.fixture
async def wire():
    return PolledWire()


@pytest.fixture
async def session(wire):
    return Session(wire, server_socket(), Endpoint(), {}, None)


async def test_frames_wait_for_the_next_visit(wire):
    await wire.send(ONE)
    await wire.send(TWO)

    assert wire.take() == [ONE, TWO]
    assert wire.take() == []


async def test_who_waits_is_told_of_the_first_frame(wire):
    waiting = wire.next_frame()
    assert not waiting.done()

    await wire.send(ONE)
    await wire.send(TWO)

    assert waiting.done()
    assert wire.take() == [ONE, TWO]


async def test_only_the_last_who_waits_is_told(wire):
    first, last = wire.next_frame(), wire.next_frame()

    await wire.send(ONE)

    assert (first.done(), last.done()) == (False, True)


async def test_the_end_of_a_session_is_told_to_nobody(wire):
    waiting = wire.next_frame()

    await wire.close(CloseCode.GOING_AWAY)
    wire.abort()

    assert not waiting.done()


async def test_a_session_that_nobody_polls_ends(wire, session):
    polled = PolledSession(session, wire, 0.01)

    await polled.task


async def test_a_poll_keeps_a_session_alive(wire, session):
    loop = asyncio.get_running_loop()
    began = loop.time()
    polled = PolledSession(session, wire, 0.05)
    loop.call_later(0.03, polled.keep_alive)

    await polled.task

    assert loop.time() - began > 0.075


async def test_a_session_is_known_while_it_lives(wire, session):
    polled = PolledSession(session, wire, 3600.0)
    assert session.endpoint.sessions == {session}

    session.end(None)

    await polled.task
    assert session.endpoint.sessions == set()


async def test_a_session_that_ended_is_not_ended_again(wire, session):
    polled = PolledSession(session, wire, 3600.0)

    session.disconnect()

    await polled.task
