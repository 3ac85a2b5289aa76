"""A live page of one channel: ``python examples/dashboard/app.py [URL]``.

Without a URL it brings a server of its own. README.md, beside it, explains the rest.
"""

import asyncio
import random
import sys
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

from bokeh.document import Document
from bokeh.layouts import column
from bokeh.models import ColumnDataSource
from bokeh.models.widgets import Div, Slider
from bokeh.plotting import figure
from bokeh.server.server import Server
from reactivex import Observable
from tornado.ioloop import IOLoop
from view import Sample, View, views

from rx_phoenix import Channel, Reply, Socket
from rx_phoenix.operators import LoopScheduler, share_latest
from rx_phoenix.testing import reference_app

TOPIC = "room:sensor"


class Page:
    """One browser's page, from when it is opened until it is closed."""

    def __init__(
        self, document: Document, shared: Observable[View], channel: Channel
    ) -> None:
        self.document, self.channel = document, channel
        document.title = "A sensor, live"
        self.latest = View("connecting")
        self.is_due = False
        self.heading = Div(styles={"font-size": "24px"})
        self.answer = Div(text="&nbsp;")
        self.line = ColumnDataSource({"at": [], "value": []})
        plot = figure(
            title="A sensor, live",
            x_axis_label="time (UTC)",
            y_axis_label="temperature (°C)",
            x_axis_type="datetime",
            height=300,
            sizing_mode="stretch_width",
        )
        plot.line("at", "value", source=self.line, line_width=2)
        title = "seconds between samples"
        pace = Slider(name="pace", title=title, start=0.1, end=2, step=0.1, value=0.5)
        pace.on_change("value_throttled", self.ask)
        children = self.heading, plot, pace, self.answer
        document.add_root(column(*children, sizing_mode="stretch_width"))
        subscription = shared.subscribe(
            self.show,
            lambda error: self.show(View(f"ended: {error}")),
            scheduler=LoopScheduler.current(),
        )
        document.on_session_destroyed(lambda _: subscription.dispose())

    def show(self, view: View) -> None:
        """Remember it for the document's next tick: only there may it change."""
        self.latest = view
        if not self.is_due:
            self.is_due = True
            self.document.add_next_tick_callback(self.paint)

    def paint(self) -> None:
        self.is_due = False
        samples = self.latest.samples
        self.heading.text = f"{self.latest.status}, mean {self.latest.mean:.2f} °C"
        at, value = [1000 * sample.at for sample in samples], [s.value for s in samples]
        self.line.data = {"at": at, "value": value}

    def ask(self, _: str, __: object, every: float) -> None:
        """Push the slider's value, and show the outcome."""

        def answered(reply: Reply) -> None:
            text = f"{every:g} s: {reply.status}"
            self.document.add_next_tick_callback(lambda: self.answer.update(text=text))

        self.channel.push("shout_others", {"every": every}).outcome.subscribe(answered)


async def publish(channel: Channel) -> None:
    """A sensor: pushes its temperature, at the interval that it was asked for."""
    every, value = 0.5, 20.0

    def obey(payload: dict[str, Any]) -> None:
        nonlocal every
        every = payload.get("every", every)

    channel.on("shout", obey)
    await channel.join()
    while True:
        value += random.gauss(0, 0.3)
        channel.push("shout_others", Sample(time.time(), value))
        await asyncio.sleep(every)


async def main(url: str | None = None) -> None:
    async with AsyncExitStack() as stack:
        if url is None:
            url = (await stack.enter_async_context(reference_app())).url
        sensor = await stack.enter_async_context(Socket(url))
        socket = await stack.enter_async_context(Socket(url))
        channel = socket.channel(TOPIC)
        samples = channel.stream("shout", as_type=Sample)
        shared = views(channel.states, samples).pipe(share_latest())

        def open_page(document: Document) -> None:
            Page(document, shared, channel)

        # On our own loop, so that nothing crosses threads.
        loop = IOLoop.current()
        server = Server(open_page, loop, address="127.0.0.1", port=0)
        server.start()
        stack.callback(server.stop)
        print(f"http://localhost:{server.port}/", flush=True)
        await publish(sensor.channel(TOPIC))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:2]))
