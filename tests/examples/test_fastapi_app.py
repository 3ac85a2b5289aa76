"""examples/fastapi_app: what browsers get, and how it ends."""

import asyncio
import json
import os
import re
import signal
import sys
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.examples.program import EXAMPLES

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

PATIENCE = 20.0
NOWHERE = "ws://127.0.0.1:9/socket"


@asynccontextmanager
async def serving(url):
    """The app on uvicorn and uvloop, as a process of its own; yields its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--app-dir", EXAMPLES / "fastapi_app"),
        *("--loop", "uvloop", "--port", "0", "--timeout-graceful-shutdown", "1"),
        "app:app",
        env={**os.environ, "PHOENIX_URL": url},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        while True:
            line = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
            assert line, "it ended before it served"
            if b"running on" in line:
                break
        yield process, line.split()[4].decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said_at_the_end_of(process):
    """End it by SIGTERM; a wait that hangs is the test's failure."""
    process.send_signal(signal.SIGTERM)
    said = await asyncio.wait_for(process.stderr.read(), PATIENCE)
    await asyncio.wait_for(process.wait(), PATIENCE)
    return said.decode()


async def joined(http, base):
    """Wait until the app is in its room."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with http.get(f"{base}/state") as answer:
                if await answer.json() == {"room": "joined"}:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_a_shout_from_a_thread_reaches_the_browsers(server):
    async with (
        serving(server.url) as (process, base),
        aiohttp.ClientSession() as http,
    ):
        await joined(http, base)
        async with http.get(f"{base}/events") as events:
            assert events.content_type == "text/event-stream"
            await events.content.readuntil(b"\n\n")
            async with http.post(f"{base}/shout", json={"n": 1}) as answer:
                assert await answer.json() == {"status": "sent"}
            data = await asyncio.wait_for(events.content.readuntil(b"\n\n"), PATIENCE)
            assert json.loads(data.removeprefix(b"data: ")) == {"n": 1}
            async with http.post(f"{base}/ask", json={"a": 1}) as answer:
                assert await answer.json() == {"a": 1}
            await said_at_the_end_of(process)


@pytest.mark.slow
async def test_it_starts_answers_and_ends_while_its_phoenix_is_down():
    async with serving(NOWHERE) as (process, base), aiohttp.ClientSession() as http:
        async with http.post(f"{base}/ask", json={}) as answer:
            assert answer.status == 503
        said = await said_at_the_end_of(process)

    # It has waited for nothing: neither for an attempt nor for a close.
    assert re.findall("INFO: +(.*)", said)[-4:-1] == [
        "Shutting down",
        "Waiting for application shutdown.",
        "Application shutdown complete.",
    ]
    assert "Cancel" not in said
    assert "destroyed" not in said
