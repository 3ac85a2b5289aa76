"""The dashboard on a live server, with shorter delays than in the demo."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

from reactivex.subject import BehaviorSubject

from rx_phoenix import Backoff, Heartbeat, Reconnect, Rejoin, Socket
from rx_phoenix.operators import LoopScheduler
from rx_phoenix.testing import reference_app
from rx_phoenix_demo.backend import external_backend
from rx_phoenix_demo.context import DemoContext
from rx_phoenix_demo.machine import read
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.publisher import Deliveries, deliveries, publications
from rx_phoenix_demo.web.browser import dashboard_of
from rx_phoenix_demo.web.server import serving

__all__ = ["DashboardHarness", "running_dashboard"]

SHORT_DELAYS = Backoff.steps(0.2)

NO_LIMITS = Limits(101, 100)


class DashboardHarness:
    """The dashboard, with the controls of a test.

    Attributes:
        backend: The server.
        viewer: The socket that all browsers share.
        address: The page's address.
        deliveries: Counts of the pushed readings.
        limits: Thresholds of the alarms.
        joins: The topic of each join.
    """

    def __init__(self, backend, viewer, publishing, name):
        self.backend = backend
        self.viewer = viewer
        self.address = None
        self.joins = []
        self._publishing = publishing
        self._name = name
        self._site = AsyncExitStack()
        viewer.sent.subscribe(self._note)

    def _note(self, message):
        if message.event == "phx_join":
            self.joins.append(message.topic)

    def stop_publishing(self):
        """Stop publishing readings."""
        self._publishing.dispose()

    async def open(self, port=0):
        """Serve the page."""
        context = DemoContext(
            self.backend, self.viewer, self.deliveries, LoopScheduler.current(), print
        )
        dashboard = dashboard_of(context, self.limits, self._name)
        self.address = await self._site.enter_async_context(serving(dashboard, port))

    async def close(self):
        """Stop serving the page."""
        await self._site.aclose()

    async def reopen(self):
        """Serve the page again, at the same port."""
        await self.open(int(self.address.rpartition(":")[2].strip("/")))

    async def until_left(self):
        """Wait until the viewer has left all topics."""
        for topic in self.backend.topic, self.backend.audience:
            left = asyncio.Event()

            def note(state, left=left):
                if state == "closed":
                    left.set()

            with self.viewer.channel(topic).states.subscribe(note):
                await left.wait()


@asynccontextmanager
async def running_dashboard(
    every=0.25, delays=SHORT_DELAYS, limits=NO_LIMITS, read=read, name=None
):
    """Run the dashboard on a free port."""
    policies = {
        "reconnect": Reconnect(delays),
        "rejoin": Rejoin(Backoff.steps(0.1)),
        # A slow machine answers late; outages end connections without a heartbeat.
        "heartbeat": Heartbeat(interval=0.5, timeout=60.0),
    }
    async with (
        reference_app() as server,
        external_backend(server.url) as backend,
        Socket(
            backend.url,
            params={"user_id": "viewer"},
            transport=backend.transport,
            **policies,
        ) as viewer,
        Socket(backend.url, transport=backend.transport, **policies) as publisher,
    ):
        source = publisher.channel(backend.topic)
        await source.join()
        counts = BehaviorSubject(Deliveries())
        pushes = publications(source, read, LoopScheduler.current(), every=every)
        publishing = deliveries(pushes).subscribe(counts.on_next)
        harness = DashboardHarness(backend, viewer, publishing, name)
        harness.deliveries, harness.limits = counts, limits
        with publishing:
            await harness.open()
            try:
                yield harness
            finally:
                await harness.close()
