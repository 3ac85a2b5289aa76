"""The reference app: the one in the box, or the one that RX_PHOENIX_URL names."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from uuid import uuid4

from aiohttp import ClientSession
from yarl import URL

from rx_phoenix.testing import reference_app

__all__ = ["App", "running_app"]

EVERYWHERE = uuid4().hex[:8]
"""Tells our names on a server from those of others, and of an earlier run."""

numbers = count(1)


class App:
    """Where a reference app is.

    Attributes:
        url: Its socket ``/socket``.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._token = token

    def at(self, path: str) -> str:
        """Another socket of it."""
        return str(URL(self.url).with_path(path))

    def new(self, kind: str) -> str:
        """A name that nobody else uses: ``room:3-4f…`` for the kind ``room:``."""
        return f"{kind}{next(numbers)}-{EVERYWHERE}"

    async def control(self, path: str) -> None:
        """Ask for something from outside."""
        url = URL(self.url).with_scheme("http").with_path(path)
        method = "GET"
        if self._token is not None:
            method, url = "POST", url.with_query(token=self._token)
        async with ClientSession() as http, http.request(method, url) as response:
            assert response.status == 200


@asynccontextmanager
async def running_app() -> AsyncIterator[App]:
    """A reference app for one test."""
    if url := os.environ.get("RX_PHOENIX_URL"):
        yield App(url)
    else:
        async with reference_app(token=EVERYWHERE) as server:
            yield App(server.url, EVERYWHERE)
