"""Photographs of the dashboard: live, reconnecting and stale."""

import asyncio
from pathlib import Path

from rx_phoenix import Backoff
from rx_phoenix._cli.demo.pipelines import Limits
from tests.browser import Tab, press, running_browser, says
from tests.cli.demo.web.theatre import playing

FOLDER = Path(__file__).parents[2] / "docs" / "images"

SIZE = 1400, 1000

WHOLE_MINUTE = """
(() => {
  const {data} = Bokeh.documents[0].get_model_by_name("memory").renderers[0].data_source
  return data.time[data.time.length - 1] - data.time[0] > 62_000
})()
"""
"""Whether the charts are full."""


async def main() -> None:
    """Take them, one after the other."""
    print("This takes a minute and a half: the charts show the last minute.")
    delays, limits = Backoff.steps(0.5, 1.0, 2.0), Limits.below(90.0)
    async with (
        playing(every=1.0, delays=delays, limits=limits) as theatre,
        running_browser() as browser,
        browser.tab(theatre.address, size=SIZE),
        browser.tab(theatre.address, size=SIZE) as tab,
    ):
        await tab.until(says("live"))
        await tab.evaluate(press("½ s"))
        await develop(tab, WHOLE_MINUTE, "live")
        outage = asyncio.create_task(theatre.stage.outage(60.0))
        await develop(tab, says("try 3"), "reconnecting")
        outage.cancel()
        await tab.until(says("live"))
        theatre.be_quiet()
        await develop(tab, says("stale"), "stale")


async def develop(tab: Tab, condition: str, name: str) -> None:
    """Wait for something on the page, and take its picture."""
    await tab.until(condition, patience=120.0)
    path = FOLDER / f"dashboard-{name}.png"
    path.write_bytes(await tab.screenshot())
    print(f"{path} ({path.stat().st_size // 1000} kB)")


asyncio.run(main())
