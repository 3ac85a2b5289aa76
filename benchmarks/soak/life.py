"""One user of the churn: sockets that come and go, and what is done with each."""

import asyncio
from collections.abc import Awaitable
from random import Random
from traceback import format_exception

from reactivex import operators as ops

from benchmarks.soak.ledger import Ledger, Numbers
from rx_phoenix import (
    Backoff,
    CallbackOverrun,
    Channel,
    LongPollTransport,
    Presence,
    Push,
    PushError,
    PushRefused,
    PushTimeout,
    Reconnect,
    Rejoin,
    Socket,
    TransportError,
)
from rx_phoenix.operators import values

__all__ = ["Life"]

PATIENCE = 30.0
"""Seconds after which something that is awaited counts as hanging."""

RECONNECT = Reconnect(Backoff(0.05, 2.0, 0.5, "full"))
REJOIN = Rejoin(Backoff.steps(0.05, 0.2, jitter=0.2))
POLLERS = 0.2
"""Which share of the sockets polls."""

BURST = 1_500
"""More than the 1,000 calls of a callback that may wait."""


class Life:
    """Lives on one socket after another until it is told to stop.

    Args:
        url: The endpoint.
        ledger: The books.
        chance: What decides.

    Attributes:
        is_over: Set it, and it ends after what it is doing.
    """

    def __init__(self, url: str, ledger: Ledger, chance: Random) -> None:
        self.is_over = False
        self._url = url
        self._ledger = ledger
        self._chance = chance
        self._dropped = 0

    async def live(self) -> None:
        """One socket after another."""
        while not self.is_over:
            try:
                await self._live_on_one_socket()
            except Exception as error:  # noqa: BLE001 - whatever it is: a breach
                self._ledger.breach("".join(format_exception(error)))

    async def _live_on_one_socket(self) -> None:
        polls = self._chance.random() < POLLERS
        socket = Socket(
            self._url,
            reconnect=RECONNECT,
            rejoin=REJOIN,
            transport=LongPollTransport() if polls else None,
            random=self._chance,
        )
        socket.unhandled.subscribe(self._unhandled)
        self._ledger.happened["sockets opened"] += 1
        acts = (
            self._consume,
            self._call_back,
            self._push,
            self._crash,
            self._close,
            self._cut,
            self._pause,
            self._refuse,
            self._walk_away,
        )
        async with socket:
            for _ in range(self._chance.randrange(1, 8)):
                if self.is_over:
                    return
                act = self._chance.choice(acts)
                channel = socket.channel(f"room:{self._chance.randrange(5)}")
                await self._within_patience(act(socket, channel), act, socket)

    async def _within_patience(
        self, doing: Awaitable[None], act: object, socket: Socket
    ) -> None:
        try:
            async with asyncio.timeout(PATIENCE) as limit:
                await doing
        except (PushError, TransportError):
            self._ledger.happened["acts that an outage interrupted"] += 1
        except TimeoutError:
            if not limit.expired():
                raise
            name = getattr(act, "__name__", "")
            self._ledger.breach(f"{name} hangs. {socket.diagnosis()}")

    # What is done with a channel.

    async def _consume(self, _: Socket, channel: Channel) -> None:
        """A consumer that is slower than its events, with a queue of 20."""
        overflow = self._chance.choice(("drop_oldest", "drop_newest", "latest"))
        what = f"a consumer with {overflow}"
        numbers = Numbers(self._ledger, what)
        delivered = lost = 0

        def lose(count: int) -> None:
            nonlocal lost
            lost += count

        events = channel.stream("tick").pipe(ops.do_action(numbers.see))
        with channel.joins.subscribe(numbers.restart):
            async with values(
                events, maxsize=20, overflow=overflow, on_loss=lose
            ) as items:
                asking = [channel.push("count", 40) for _ in range(5)]
                leaving = asyncio.create_task(self._leave_after(1.0, channel))
                async for _ in items:
                    delivered += 1
                    await asyncio.sleep(self._chance.random() * 0.002)
                await leaving
        for push in asking:
            await self._outcome(push)
        self._ledger.settle(what, numbers.seen, delivered, lost)

    async def _leave_after(self, delay: float, channel: Channel) -> None:
        await asyncio.sleep(self._chance.random() * delay)
        await channel.leave()

    async def _call_back(self, _: Socket, channel: Channel) -> None:
        """An ``async def`` callback that falls behind."""
        numbers = Numbers(self._ledger, "a callback")
        called = delivered = newest = 0
        self._dropped = 0

        async def run(number: int) -> None:
            nonlocal delivered, newest
            await asyncio.sleep(0)
            delivered += 1
            newest = number

        def handle(_: object) -> Awaitable[None]:
            nonlocal called
            called += 1
            return run(called)

        with (
            channel.joins.subscribe(numbers.restart),
            channel.events("tick").subscribe(numbers.see),
        ):
            ref = channel.on("tick", handle)
            try:
                await channel.join()
                await self._outcome(channel.push("count", BURST))
                while newest < called:  # noqa: ASYNC110 - the oldest are dropped
                    await asyncio.sleep(0.01)
                dropped = called - delivered
                self._ledger.settle("a callback", numbers.seen, delivered, dropped)
                if self._dropped != 1 << dropped.bit_length() >> 1:
                    told = f"{self._dropped} of {dropped} dropped calls were reported"
                    self._ledger.breach(f"a callback: {told}")
            finally:
                channel.off("tick", ref)
        await channel.leave()

    async def _push(self, socket: Socket, channel: Channel) -> None:
        """Pushes with every outcome, and a presence beside them."""
        presence = Presence(channel)
        await channel.join()
        await socket.ping()
        pushes = [
            channel.push("echo", {"blob": "x" * self._chance.randrange(5_000)}),
            channel.push("refuse", {"reason": "as you wish"}),
            channel.push("silence", timeout=0.05),
            channel.push("echo"),
        ]
        pushes[-1].cancel()
        for push in pushes:
            await self._outcome(push)
        presence.dispose()
        await channel.leave()

    async def _crash(self, _: Socket, channel: Channel) -> None:
        """The server's side crashes, and the channel rejoins."""
        await self._end_by("crash", channel)
        await self._joined(channel)
        await channel.leave()

    async def _close(self, _: Socket, channel: Channel) -> None:
        """The server closes the channel."""
        await self._end_by("close", channel)

    async def _cut(self, _: Socket, channel: Channel) -> None:
        """The connection breaks, and everything comes back."""
        await self._end_by("cut", channel)
        self._ledger.happened["connections cut"] += 1
        await self._joined(channel)
        await channel.leave()

    async def _pause(self, socket: Socket, channel: Channel) -> None:
        """The user closes the connection, and opens it again."""
        await channel.join()
        await socket.disconnect()
        waiting = channel.push("echo")
        await socket.connect()
        await self._outcome(waiting)
        await channel.leave()

    async def _refuse(self, socket: Socket, _: Channel) -> None:
        """A join that is refused until it is called off."""
        channel = socket.channel("room:closed", {"refuse": True})
        try:
            await channel.join()
        except PushRefused:
            self._ledger.happened["joins refused"] += 1
        finally:
            await socket.remove(channel)

    async def _walk_away(self, _: Socket, channel: Channel) -> None:
        """A consumer that ends in mid-stream, and a wait that is cancelled."""
        async with values(channel.stream("tick")) as items:
            push = channel.push("count", 50)
            if (await self._outcome(push)) == "ok":
                await anext(items)
        waiting = asyncio.ensure_future(channel.join())
        await asyncio.sleep(self._chance.random() * 0.01)
        waiting.cancel()
        await asyncio.wait([waiting])
        await channel.leave()

    async def _end_by(self, order: str, channel: Channel) -> None:
        await channel.join()
        await self._outcome(channel.push(order))

    async def _joined(self, channel: Channel) -> None:
        await channel.joined.pipe(ops.take(1))

    async def _outcome(self, push: Push) -> str:
        """Wait for the end of a push, and count it."""
        reply = await push.outcome
        self._ledger.pushes[reply.status] += 1
        return reply.status

    def _unhandled(self, error: Exception) -> None:
        """The unhandled errors: an overrun is expected, and a refused join."""
        match error:
            case CallbackOverrun():
                self._dropped = error.dropped
            case PushRefused() | PushTimeout():
                self._ledger.happened["refusals that were not looked at"] += 1
            case _:
                self._ledger.breach("".join(format_exception(error)))
