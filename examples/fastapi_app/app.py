"""A web app with one shared socket: a room, read by browsers and written to by forms.

::

    rx-phoenix serve
    uvicorn --app-dir examples/fastapi_app --timeout-graceful-shutdown 1 app:app

``PHOENIX_URL`` names another server. ``GET /events`` streams what is shouted in the
room as Server-Sent Events; ``POST /shout`` is a plain ``def``, which FastAPI runs in a
thread, and pushes by `call_soon_threadsafe`; ``POST /ask`` awaits an answer. uvicorn
waits for open streams for as long as its option allows, and for ever without it.
"""

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

from rx_phoenix import Channel, PushError, Socket
from rx_phoenix.operators import values

URL = os.environ.get("PHOENIX_URL", "ws://localhost:4000/socket")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Connect in the background, so that the app starts while Phoenix is down."""
    socket = Socket(URL)
    try:
        socket.connect()
        app.state.room = socket.channel("room:lobby")
        app.state.room.join()
        yield
    finally:
        await socket.aclose()


app = FastAPI(lifespan=lifespan)


def room_of(request: Request) -> Channel:
    """Return the channel that all requests share."""
    room: Channel = request.app.state.room
    return room


@app.get("/state")
async def state(request: Request) -> dict[str, str]:
    """Reading a property needs no connection."""
    return {"room": room_of(request).state}


@app.get("/events")
async def events(request: Request) -> StreamingResponse:
    """Stream the room's events; a browser that is too slow loses the oldest."""

    async def lines() -> AsyncIterator[str]:
        shouts = room_of(request).events("shout")
        async with values(shouts, maxsize=100, overflow="drop_oldest") as items:
            yield ": connected\n\n"
            async for payload in items:
                yield f"data: {json.dumps(payload)}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


@app.post("/shout")
def shout(request: Request, payload: dict[str, Any]) -> dict[str, str]:
    """Push from a worker thread, and wait for nothing: a shout has no answer."""
    room, socket = room_of(request), room_of(request).socket
    assert isinstance(socket, Socket)
    socket.call_soon_threadsafe(lambda: room.cast("shout", payload)).result(5)
    return {"status": "sent"}


@app.post("/ask")
async def ask(request: Request, payload: dict[str, Any]) -> Any:
    """Await the answer to a push; its failure is an answer of ours."""
    try:
        return await room_of(request).push("echo", payload, timeout=2.0)
    except PushError as error:
        raise HTTPException(503, str(error)) from error
