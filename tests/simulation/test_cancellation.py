"""Cancelling any wait at any point leaves nothing behind."""

from asyncio import CancelledError
from random import Random

import pytest
from reactivex import operators as ops

from rx_phoenix import Backoff, Reconnect, Socket
from rx_phoenix.operators import first_value, for_each, values
from rx_phoenix.testing import VirtualScheduler
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.server import ModelServer

SECONDS = 60.0


class World:
    """A server and a network without faults, and a socket on them."""

    def __init__(self):
        self.scheduler = VirtualScheduler()
        chance = Random(1)
        self.server = ModelServer(chance, self.scheduler.call_later)
        self.network = Network(self.scheduler, chance, self.server)
        self.server.is_faultless = self.network.is_faultless = True
        self.socket = Socket(
            "ws://example.org/socket",
            transport=self.network,
            scheduler=self.scheduler,
            reconnect=Reconnect(Backoff(0.1)),
        )

    def publish_often(self):
        for second in range(int(SECONDS)):
            self.scheduler.call_later(second, self.server.publish)


async def everything(world):
    """A scenario that waits for every kind of awaitable."""
    async with world.socket as socket:
        channel = socket.channel("room:a")
        await channel.join()
        await channel.push("echo", {"n": 1})
        await socket.ping()
        await first_value(channel.events("number"), timeout=5)
        async with values(channel.stream("number"), maxsize=10) as numbers:
            async for _ in numbers:
                break
        await first_value(channel.request("echo"), timeout=5)
        await for_each(channel.session.pipe(ops.take(1)), lambda _: None)
        await channel.leave().outcome
        await socket.disconnect()
        await socket.connect()


class Interrupted:
    """An awaitable that cancels a coroutine at its n-th wait."""

    def __init__(self, coroutine, at):
        self._coroutine = coroutine
        self._at = at
        self.waits = 0

    def __await__(self):
        send, value = self._coroutine.send, None
        while True:
            try:
                waited_for = send(value)
            except StopIteration as done:
                return done.value
            self.waits += 1
            if self.waits == self._at:
                send, value = self._coroutine.throw, CancelledError()
                if waited_for is not None:
                    waited_for.cancel()
                continue
            yield waited_for
            send, value = self._coroutine.send, None


def run_scenario(at):
    """Run the scenario, cancelled at one of its waits."""
    world = World()
    world.publish_often()
    interrupted = Interrupted(everything(world), at)

    async def run():
        await interrupted

    task = world.scheduler.loop.create_task(run())
    world.scheduler.advance_by(SECONDS)
    assert task.done()
    return world, interrupted.waits, task


WAITS = 12


def test_the_scenario_has_a_known_number_of_waits():
    _, waits, task = run_scenario(at=0)

    assert task.exception() is None
    assert waits == WAITS


@pytest.mark.parametrize("at", range(1, WAITS + 1))
def test_cancelling_any_wait_leaves_nothing_behind(at):
    world, _, task = run_scenario(at)

    assert task.cancelled()
    assert world.scheduler.pending == ()
    assert world.network.open_links() == []
    assert world.server.joined == {}
