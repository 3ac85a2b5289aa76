"""examples/flask_view.py: a view that waits gets the answer to its push."""

import asyncio
import runpy
import threading

import pytest

from tests.examples.program import EXAMPLES

pytest.importorskip("flask")


async def test_a_view_gets_the_answer_to_its_push(server, monkeypatch):
    monkeypatch.setenv("PHOENIX_URL", server.url)
    names = runpy.run_path(str(EXAMPLES / "flask_view.py"))

    def use():
        answer = names["app"].test_client().post("/ask", json={"a": 1})
        socket, _ = names["phoenix"]()
        loop = socket.call_soon_threadsafe(asyncio.get_running_loop).result(5)
        asyncio.run_coroutine_threadsafe(close(socket), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        for thread in threading.enumerate():
            if thread.name == "phoenix":
                thread.join()
        loop.close()
        return answer

    async def close(socket):
        await socket.aclose()

    answer = await asyncio.to_thread(use)

    assert (answer.status_code, answer.json) == (200, {"a": 1})
