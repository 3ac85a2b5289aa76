"""A Flask app whose views push: the socket lives on a loop in a thread of its own.

::

    rx-phoenix serve
    python examples/flask_view.py

A Django view does the same. Each worker process has a socket of its own, made at its
first request and not before the fork.
"""

import asyncio
import os
import threading
from functools import cache
from typing import Any

from flask import Flask, request

from rx_phoenix import Channel, PushError, Socket

URL = os.environ.get("PHOENIX_URL", "ws://localhost:4000/socket")

app = Flask(__name__)


@cache
def phoenix() -> tuple[Socket, Channel]:
    """Start the loop, and return what lives on it, once in each process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="phoenix", daemon=True).start()

    async def connect() -> tuple[Socket, Channel]:
        socket = Socket(URL)
        socket.connect()
        room = socket.channel("room:lobby")
        room.join()
        return socket, room

    return asyncio.run_coroutine_threadsafe(connect(), loop).result()


@app.post("/ask")
def ask() -> Any:
    """Wait for the answer to a push, in the thread of this request."""
    socket, room = phoenix()
    payload = request.get_json()
    try:
        return socket.call_soon_threadsafe(lambda: room.push("echo", payload)).result(5)
    except (PushError, TimeoutError) as error:
        return {"error": str(error)}, 503


if __name__ == "__main__":
    app.run()
