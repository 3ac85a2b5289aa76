"""A server with a channel that answers and one that does not, and its clients."""

import asyncio
from functools import partial

import aiohttp
import pytest

from rx_phoenix.testing._server import PhoenixServer, ServerChannel, SocketOptions


class Room(ServerChannel):
    """A channel that echoes payloads, except for a few special events."""

    def handle_in(self, event, payload, ref):
        match event:
            case "burst":
                for _ in range(payload["n"]):
                    self.push("tick", {"data": "x" * payload["size"]})
            case "kill":
                self.kill_transport()
            case "bytes":
                self.push("bytes", b"\xff")
            case _:
                self.reply(ref, "ok", payload)


class Slow(ServerChannel):
    """A channel that never answers its join, and signals that it was requested."""

    def __init__(self, is_joining):
        self.is_joining = is_joining

    async def join(self, params):
        self.is_joining.set()
        await asyncio.Event().wait()


@pytest.fixture
def is_joining():
    """Set when a join of ``slow:*`` begins."""
    return asyncio.Event()


@pytest.fixture
def sockets():
    """The sockets of the server; a test module may have others."""
    return {"/socket": SocketOptions()}


@pytest.fixture
async def server(sockets, is_joining):
    channels = {"room:*": Room, "slow:*": partial(Slow, is_joining)}
    async with PhoenixServer(channels, sockets=sockets) as server:
        yield server


@pytest.fixture
async def http(server):
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http:
        yield http


@pytest.fixture
def connect(http):
    """Open a WebSocket; it ends with the test."""

    def connect(target="/socket/websocket?vsn=2.0.0", **options):
        return http.ws_connect(target, **options)

    return connect
