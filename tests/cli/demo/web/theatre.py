"""The dashboard with all that is behind it, quicker than in the demo."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

from rx_phoenix import Backoff, Heartbeat, Reconnect, Rejoin, Socket
from rx_phoenix._cli.demo.machine import read
from rx_phoenix._cli.demo.performance import Performance
from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.publisher import Deliveries, deliveries, publications
from rx_phoenix._cli.demo.stage import borrowed
from rx_phoenix._cli.demo.web.show import board_of
from rx_phoenix._cli.demo.web.site import serving
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.state import Latest
from rx_phoenix.testing import reference_app

__all__ = ["Theatre", "playing"]

HASTE = Backoff.steps(0.2)

NO_LIMITS = Limits(101, 100)


class Theatre:
    """The dashboard, and what a test wants to do to it.

    Attributes:
        stage: Where it plays.
        viewer: The one socket that all browsers share.
        address: The page.
        delivered: What became of the readings.
        limits: When there is alarm.
        joins: The topics that the viewer joined, each time it did.
    """

    def __init__(self, stage, viewer, publishing):
        self.stage = stage
        self.viewer = viewer
        self.address = None
        self.joins = []
        self._publishing = publishing
        self._site = AsyncExitStack()
        viewer.sent.subscribe(self._note)

    def _note(self, message):
        if message.event == "phx_join":
            self.joins.append(message.topic)

    def be_quiet(self):
        """Publish no more readings."""
        self._publishing.dispose()

    async def open(self, port=0):
        """Serve the page."""
        performance = Performance(
            self.stage, self.viewer, self.delivered, LoopScheduler.current(), print
        )
        board = board_of(performance, self.limits)
        self.address = await self._site.enter_async_context(serving(board, port))

    async def close(self):
        """Serve the page no more."""
        await self._site.aclose()

    async def reopen(self):
        """Serve the page again, where it was."""
        await self.open(int(self.address.rpartition(":")[2].strip("/")))

    async def until_left(self):
        """Wait until the viewer is on no topic."""
        for topic in self.stage.topic, self.stage.audience:
            left = asyncio.Event()

            def note(state, left=left):
                if state == "closed":
                    left.set()

            with self.viewer.channel(topic).states.subscribe(note):
                await left.wait()


@asynccontextmanager
async def playing(every=0.25, delays=HASTE, limits=NO_LIMITS):
    """The dashboard, on a free port."""
    policies = {
        "reconnect": Reconnect(delays),
        "rejoin": Rejoin(Backoff.steps(0.1)),
        "heartbeat": Heartbeat(interval=0.5, timeout=3.0),
    }
    async with (
        reference_app() as server,
        borrowed(server.url) as stage,
        Socket(
            stage.url,
            params={"user_id": "viewer"},
            transport=stage.transport,
            **policies,
        ) as viewer,
        Socket(stage.url, transport=stage.transport, **policies) as publisher,
    ):
        source = publisher.channel(stage.topic)
        await source.join()
        latest = Latest[Deliveries](print)
        pushes = publications(source, read, LoopScheduler.current(), every=every)
        publishing = deliveries(pushes).subscribe(latest.on_next)
        theatre = Theatre(stage, viewer, publishing)
        theatre.delivered, theatre.limits = latest.observable, limits
        with publishing:
            await theatre.open()
            try:
                yield theatre
            finally:
                await theatre.close()
