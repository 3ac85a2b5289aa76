"""A socket for somebody who waits at a terminal."""

import pytest

from rx_phoenix import (
    Backoff,
    Closed,
    ConnectError,
    ConnectionLost,
    GaveUp,
    Opened,
    Reconnect,
)
from rx_phoenix._cli.connecting import connected
from rx_phoenix.operators import first_value
from tests.cli.targets import target_for

FAST_RETRIES = Reconnect(Backoff(0.01))


async def test_a_server_that_is_not_there_is_told_at_once(nobody):
    with pytest.raises(ConnectError):
        async with connected(target_for(nobody)):
            pytest.fail("there is nobody to connect to")


async def test_a_connection_that_was_open_is_taken_up_again(server):
    async with connected(target_for(server.url), reconnect=FAST_RETRIES) as socket:
        events = []
        socket.lifecycle.subscribe(events.append)
        await server.stop()
        await server.start()
        if socket.state != "open":
            await first_value(socket.connection, timeout=10)

    kinds = [type(event) for event in events]
    assert kinds[0] is Closed
    assert Opened in kinds


async def test_the_policy_decides_about_later_losses(server):
    asked = []

    def give_up(error):
        asked.append(error)
        return True

    policy = Reconnect(Backoff(0.01), give_up=give_up)
    async with connected(target_for(server.url), reconnect=policy) as socket:
        events = []
        socket.lifecycle.subscribe(events.append)
        await server.stop()

    assert {type(error) for error in asked} == {ConnectionLost}
    assert GaveUp in map(type, events)
