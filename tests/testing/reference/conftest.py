"""The reference app, and a client that joins and asks."""

import json

import aiohttp
import pytest

from rx_phoenix.testing._reference import reference_app


class Client:
    """A WebSocket of protocol 2 on one topic."""

    def __init__(self, websocket, topic):
        self.websocket = websocket
        self.topic = topic

    async def join(self, params=None, *, join_ref="1"):
        """Join and return the status and the response."""
        return await self.request("phx_join", params or {}, join_ref, join_ref)

    async def send(self, event, payload=None, join_ref="1", ref="2"):
        message = [join_ref, ref, self.topic, event, {} if payload is None else payload]
        await self.websocket.send_str(json.dumps(message))

    async def request(self, event, payload=None, join_ref="1", ref="2"):
        await self.send(event, payload, join_ref, ref)
        _, payload = await self.receive()
        return payload["status"], payload["response"]

    async def receive(self):
        """Wait for a message and return its event and payload."""
        _, _, _, event, payload = json.loads(await self.websocket.receive_str())
        return event, payload


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture
async def http(server):
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http:
        yield http


@pytest.fixture
async def visit(http):
    """Connect, without joining; the connection lives as long as the test."""
    clients = []

    async def visit(topic, query=""):
        websocket = await http.ws_connect(f"/socket/websocket?vsn=2.0.0{query}")
        clients.append(Client(websocket, topic))
        return clients[-1]

    yield visit
    for client in clients:
        await client.websocket.close()


@pytest.fixture
def enter(visit):
    """Connect and join."""

    async def enter(topic, query="", params=None):
        client = await visit(topic, query)
        await client.join(params)
        return client

    return enter
