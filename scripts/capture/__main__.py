"""Screenshots of the dashboard: live, reconnecting and stale."""

import asyncio
from pathlib import Path

from examples.demo.tests.web.dashboard_harness import running_dashboard
from rx_phoenix import Backoff
from rx_phoenix_demo.pipelines import Limits
from scripts.capture.machine import read
from tests.browser import Tab, press, running_browser, says

FOLDER = Path(__file__).parents[2] / "docs" / "images"

SIZE = 1400, 1000

WHOLE_MINUTE = """
(() => {
  const memory = Bokeh.documents[0].get_model_by_name("memory")
  const {data} = memory.renderers.at(-1).data_source
  return data.time[data.time.length - 1] - data.time[0] > 62_000
})()
"""
"""JavaScript that is true once the charts are full."""


async def main() -> None:
    """Take the screenshots in turn."""
    print("This takes a minute and a half: the charts show the last minute.")
    delays, limits = Backoff.steps(0.5, 1.0, 2.0), Limits.below(90.0)
    async with (
        running_dashboard(
            every=1.0, delays=delays, limits=limits, read=read, name="demo"
        ) as harness,
        running_browser() as browser,
        browser.tab(harness.address, size=SIZE),
        browser.tab(harness.address, size=SIZE) as tab,
    ):
        await tab.until(says("live"))
        await tab.evaluate(press("½ s"))
        await capture(tab, WHOLE_MINUTE, "live")
        outage = asyncio.create_task(harness.backend.outage(60.0))
        await capture(tab, says("try 3"), "reconnecting")
        outage.cancel()
        await tab.until(says("live"))
        harness.stop_publishing()
        await capture(tab, says("stale"), "stale")


async def capture(tab: Tab, condition: str, name: str) -> None:
    """Wait for a condition on the page, and take a screenshot."""
    await tab.until(condition, patience=120.0)
    path = FOLDER / f"dashboard-{name}.png"
    path.write_bytes(await tab.screenshot())
    print(f"{path} ({path.stat().st_size // 1000} kB)")


asyncio.run(main())
