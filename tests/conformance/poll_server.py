"""A long-poll server whose every answer a test has decided."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

__all__ = ["NEW_SESSION", "PollServer", "Request", "run_poll_server"]

NEW_SESSION = {"status": 410, "token": "T", "messages": []}

PATIENCE = 20.0


@dataclass
class Request:
    """What a client asked."""

    method: str
    query: str
    body: bytes


class PollServer:
    """Answers polls and batches from two lists; a poll too many waits for ever.

    Attributes:
        url: The endpoint, as a socket takes it.
        polls: What the next polls are answered: a body, or a whole response.
        batches: What the next batches are answered; 200 when there is nothing.
        requests: What was asked.
    """

    def __init__(self) -> None:
        self.url = ""
        self.polls: deque[Any] = deque()
        self.batches: deque[Any] = deque()
        self.requests: list[Request] = []
        self._news = asyncio.Event()
        self._end = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        """Note a request, and answer it."""
        body = await request.read()
        query = request.raw_path.partition("?")[2]
        self.requests.append(Request(request.method, query, body))
        self._news.set()
        answers = self.polls if request.method == "GET" else self.batches
        if answers:
            answer = answers.popleft()
        elif request.method == "POST":
            answer = {"status": 200}
        else:
            await self._end.wait()
            answer = {"status": 204, "token": "T", "messages": []}
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = {"status": 200}
        if isinstance(answer, web.Response):
            return answer
        return web.Response(text=json.dumps(answer), content_type="application/json")

    @property
    def gets(self) -> list[Request]:
        """The polls."""
        return [request for request in self.requests if request.method == "GET"]

    @property
    def posts(self) -> list[Request]:
        """The batches."""
        return [request for request in self.requests if request.method == "POST"]

    async def asked(self, *, gets: int = 0, posts: int = 0) -> None:
        """Wait for so many requests."""
        async with asyncio.timeout(PATIENCE):
            while len(self.gets) < gets or len(self.posts) < posts:
                self._news.clear()
                await self._news.wait()

    def end(self) -> None:
        """Let no poll wait any longer."""
        self._end.set()


@asynccontextmanager
async def run_poll_server() -> AsyncIterator[PollServer]:
    """Start one on loopback."""
    polls = PollServer()
    app = web.Application()
    app.router.add_route("*", "/socket/longpoll", polls.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        polls.url = f"ws://127.0.0.1:{server.port}/socket"
        yield polls
        polls.end()
