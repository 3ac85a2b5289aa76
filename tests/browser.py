"""A headless Chromium, driven over its own DevTools protocol."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, WSMsgType

__all__ = [
    "PATIENCE",
    "TEXT",
    "Browser",
    "Tab",
    "demand_browser",
    "press",
    "running_browser",
    "says",
]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Where Chromium is; None if it is not installed."""

PATIENCE = 60.0
"""Seconds after which something will not happen any more."""

TEXT = """
(() => {
  const inside = (node) => [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]
    .filter((child) => !["SCRIPT", "STYLE"].includes(child.nodeName))
    .map((child) => child.nodeType === Node.TEXT_NODE ? child.data : inside(child))
    .join(" ")
  return inside(document.body)
})()
"""
"""All text on a page, with that in shadow roots; an expression for it."""

FLAGS = (
    "--headless",
    "--no-sandbox",  # of no use where tests are root, and to no harm on loopback
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
)


def demand_browser():
    """Skip the test where there is no Chromium; in CI there has to be one."""
    if CHROMIUM is None and os.environ.get("CI"):
        pytest.fail("Chromium is not installed, and CI does not allow to skip it")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")


def says(words):
    """The expression for whether the page says some words."""
    return f"{TEXT}.includes({json.dumps(words)})"


def press(label):
    """The expression that presses all buttons with a label; how many there were."""
    return f"""
    (() => {{
      const find = (node) => [...(node.shadowRoot?.children ?? []), ...node.children]
        .flatMap((child) => child.matches(".bk-btn") ? [child] : find(child))
        .filter((button) => button.textContent === {json.dumps(label)})
      return find(document.body).map((button) => button.click()).length
    }})()
    """


class Browser:
    """A running Chromium.

    Attributes:
        session: For talking to it.
        address: Where it listens, as ``host:port``.
    """

    def __init__(self, session, address):
        self.session = session
        self.address = address

    @asynccontextmanager
    async def tab(self, url, *, size=(1400, 1000)):
        """A tab with a page; it is closed at the end."""
        async with self.session.put(f"http://{self.address}/json/new") as answer:
            target = await answer.json()
        async with self.session.ws_connect(
            target["webSocketDebuggerUrl"], max_msg_size=0
        ) as websocket:
            tab = Tab(websocket)
            reading = asyncio.create_task(tab.read())
            try:
                await tab.open(url, size)
                yield tab
            finally:
                reading.cancel()
        async with self.session.get(
            f"http://{self.address}/json/close/{target['id']}"
        ) as answer:
            await answer.read()


class Tab:
    """One page.

    Attributes:
        complaints: What the page's console was told as a warning or an error.
        requests: The addresses that were asked for.
    """

    def __init__(self, websocket):
        self.complaints = []
        self.requests = []
        self._loaded = asyncio.Event()
        self._websocket = websocket
        self._numbers = itertools.count(1)
        self._answers = {}

    async def open(self, url, size):
        width, height = size
        for domain in "Page", "Runtime", "Log", "Network":
            await self.call(f"{domain}.enable")
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        await self.call("Page.navigate", url=url)

    async def reloaded(self, action):
        """Wait until the page was loaded anew, because of something."""
        self._loaded.clear()
        await action
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)

    async def call(self, method, *, patience=PATIENCE, **params):
        """Call a method of the protocol."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._websocket.send_json(
            {"id": number, "method": method, "params": params}
        )
        return await asyncio.wait_for(answer, patience)

    async def evaluate(self, script, patience=PATIENCE):
        """What an expression is on the page."""
        result = await self.call(
            "Runtime.evaluate",
            patience=patience,
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    async def until(self, script, patience=PATIENCE):
        """Wait until an expression is true on the page, and return it."""
        return await self.evaluate(
            "new Promise((found) => { const look = () => { const value = "
            f'document.readyState === "complete" && ({script}); '
            "value ? found(value) : setTimeout(look, 50) }; look() })",
            patience,
        )

    async def screenshot(self):
        """What the page looks like, as a PNG."""
        result = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(result["data"])

    async def read(self):
        """Take answers and events, until it is cancelled."""
        async for message in self._websocket:
            if message.type is WSMsgType.TEXT:
                self._take(json.loads(message.data))

    def _take(self, message):
        if "id" in message:
            self._answers.pop(message["id"]).set_result(message.get("result", {}))
            return
        params = message["params"]
        match message["method"]:
            case "Runtime.consoleAPICalled" if params["type"] in {"error", "warning"}:
                self.complaints.append(str([a.get("value") for a in params["args"]]))
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded" if params["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(json.dumps(params["entry"]))
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])


@asynccontextmanager
async def running_browser():
    """Run Chromium for a while."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *(CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                address = await _address(process.stderr)
            async with ClientSession() as session:
                draining = asyncio.create_task(process.stderr.read())
                try:
                    yield Browser(session, address)
                finally:
                    draining.cancel()
        finally:
            process.kill()
            await process.wait()


async def _address(complaints):
    """Where it says that it listens."""
    async for line in complaints:
        if b"DevTools listening on" in line:
            return line.decode().partition("ws://")[2].partition("/")[0]
    raise RuntimeError("Chromium ended before it began")
