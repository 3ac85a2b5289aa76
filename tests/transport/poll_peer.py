"""The other end of a long poll: the test answers each request when it likes."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web
from aiohttp.test_utils import TestServer

__all__ = ["Asked", "PollPeer", "running_poll_peer"]

PATIENCE = 20.0


class Asked:
    """A request that waits for its answer.

    Attributes:
        request: The request.
        body: Its body.
        is_aborted: Set when the client went away without an answer.
    """

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.request = request
        self.body = body
        self.is_aborted = asyncio.Event()
        self.response: asyncio.Future[web.StreamResponse] = (
            asyncio.get_running_loop().create_future()
        )

    @property
    def lines(self) -> list[bytes]:
        """The messages of a batch."""
        return self.body.split(b"\n")

    def answer(self, status: int, *messages: str, token: str | None = None) -> None:
        """Answer as Phoenix does."""
        body: dict[str, object] = {"status": status, "messages": messages}
        if token is not None:
            body["token"] = token
        self.reply(json.dumps(body).encode())

    def reply(self, body: bytes = b"", **options: object) -> None:
        """Answer anything."""
        self.response.set_result(web.Response(body=body, **options))

    def cut(self) -> None:
        """Cut the connection instead of an answer."""
        assert self.request.transport is not None
        self.request.transport.abort()


class PollPeer:
    """A server of which every answer is the test's.

    Attributes:
        url: Its socket.
        most: By method, the most requests that there were at a time.
    """

    def __init__(self) -> None:
        self.url = ""
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._asked = {"GET": asyncio.Queue[Asked](), "POST": asyncio.Queue[Asked]()}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Take a request, and wait for the test's answer."""
        method = request.method
        self._now[method] += 1
        self.most |= self._now
        asked = Asked(request, await request.read())
        self._asked[method].put_nowait(asked)
        try:
            return await asked.response
        except asyncio.CancelledError:
            asked.is_aborted.set()
            raise
        finally:
            self._now[method] -= 1

    async def polled(self) -> Asked:
        """The next poll."""
        async with asyncio.timeout(PATIENCE):
            return await self._asked["GET"].get()

    async def posted(self) -> Asked:
        """The next batch."""
        async with asyncio.timeout(PATIENCE):
            return await self._asked["POST"].get()

    async def welcome(self) -> Asked:
        """Answer the first poll with a session; returns the next one."""
        (await self.polled()).answer(410, token="T")
        return await self.polled()

    def expects_more(self) -> bool:
        """Whether there are requests that the test did not take."""
        return any(not queue.empty() for queue in self._asked.values())


@asynccontextmanager
async def running_poll_peer(ssl: SSLContext | None = None) -> AsyncIterator[PollPeer]:
    """Serve on loopback."""
    peer = PollPeer()
    app = web.Application(client_max_size=20_000_000)
    app.router.add_route("*", "/socket/longpoll", peer.serve)
    server = TestServer(app)
    await server.start_server(ssl=ssl)
    peer.url = str(server.make_url("/socket"))
    try:
        yield peer
    finally:
        await server.close()
