"""The long poll: sessions that clients reach by HTTP requests.

The waits are those of `Phoenix.Transports.LongPoll`, where a request is a process that
calls the session's process, and a dead session never replies.
"""

import asyncio
import hmac
import logging
import secrets
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from rx_phoenix.testing._server import responses
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.handshake import admit
from rx_phoenix.testing._server.polled import PollBuffer, PolledSession
from rx_phoenix.testing._server.routes import ChannelFactory
from rx_phoenix.testing._server.session import Session
from rx_phoenix.testing._server.socket import ConnectRefused, SocketOptions

__all__ = ["LongPoll"]

logger = logging.getLogger("rx_phoenix.testing.server")

SIGNING_KEY = b"rx_phoenix.testing.server"
"""Signs the tokens, which stay valid over a restart, as real ones do."""

TIMEOUT = 2.0
"""Seconds that a request waits for a reply of its session."""

MAX_LINES = 100
"""Lines of a batch that are read; further ones are silently dropped."""

SHARED = {"Access-Control-Allow-Origin": "*"}
FRESH = {**SHARED, "Cache-Control": "no-store"}


class LongPoll:
    """The long polls of a server.

    Args:
        endpoint: The state shared by all clients.
        channels: The channels by pattern.
    """

    def __init__(
        self, endpoint: Endpoint, channels: Mapping[str, ChannelFactory]
    ) -> None:
        self._endpoint = endpoint
        self._channels = channels
        self._polled: dict[str, PolledSession] = {}
        self._waits: set[asyncio.Future[None]] = set()

    async def serve(
        self, request: web.Request, options: SocketOptions
    ) -> web.StreamResponse:
        """Answer a request.

        Args:
            request: A GET polls for messages, a POST delivers some.
            options: The options of the requested socket.
        """
        match request.method:
            case "GET":
                return await self._get(request, options)
            case "POST":
                return await self._post(request, options)
            case "OPTIONS":
                return _preflight(request)
            case _:
                return responses.text(400, headers=SHARED)

    def stop(self) -> None:
        """End every wait at once, as if it had timed out."""
        for wait in self._waits:
            wait.cancel()

    async def aclose(self) -> None:
        """End all sessions."""
        tasks = [polled.task for polled in self._polled.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _get(
        self, request: web.Request, options: SocketOptions
    ) -> web.StreamResponse:
        token = _token(request)
        polled = await self._find(token)
        if polled is None:
            return await self._open(request, options)
        polled.keep_alive()
        buffer = polled.buffer
        frames = buffer.take()
        if not frames and await self._wait(buffer.next_frame(), options.poll_window):
            frames = buffer.take()
        try:
            messages = [frame.data.decode() for frame in frames]
        except UnicodeDecodeError:
            # JSON cannot carry a binary frame; all buffered frames are lost with it.
            logger.exception("A long poll cannot carry what a channel pushed")
            return responses.crashed(FRESH)
        status = 200 if messages else 204
        return _json(request, {"status": status, "messages": messages, "token": token})

    async def _open(
        self, request: web.Request, options: SocketOptions
    ) -> web.StreamResponse:
        try:
            token = request.headers.get("X-Phoenix-AuthToken")
            socket = await admit(request, options, "longpoll", token)
        except ConnectRefused:
            return _json(request, {"status": 403})
        except Exception:
            logger.exception("The connect of %s crashed", request.path)
            return responses.crashed(FRESH)
        name = secrets.token_urlsafe(16)
        buffer = PollBuffer()
        session = Session(
            buffer, socket, self._endpoint, self._channels, options.max_channels
        )
        polled = PolledSession(session, buffer, 1.5 * options.poll_window)
        polled.task.add_done_callback(lambda _: self._polled.pop(name))
        self._polled[name] = polled
        token = f"{name}.{_signature(name)}"
        return _json(request, {"status": 410, "messages": list[str](), "token": token})

    async def _post(
        self, request: web.Request, options: SocketOptions
    ) -> web.StreamResponse:
        polled = await self._find(_token(request))
        if polled is None:
            return _json(request, {"status": 410})
        body = await request.read()
        try:
            batch = _batch(body, request.headers.get("Content-Type"))
        except ValueError:
            logger.exception("A line of a long poll is neither an array nor base64")
            return responses.crashed(FRESH)
        for data in batch:
            handled = asyncio.get_running_loop().create_future()
            polled.session.receive(data, handled)
            if not await self._wait(handled, options.poll_window):
                return _json(request, {"status": 408})
        return _json(request, {"status": 200})

    async def _find(self, token: str) -> PolledSession | None:
        """Find a session; wait in vain for one that has ended."""
        name, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), _signature(name).encode()):
            return None
        if name not in self._polled:
            await self._wait(asyncio.get_running_loop().create_future(), TIMEOUT)
        return self._polled.get(name)

    async def _wait(self, answer: asyncio.Future[None], seconds: float) -> bool:
        """Wait for an answer; return True if it arrived in time."""
        self._waits.add(answer)
        await asyncio.wait([answer], timeout=seconds)
        self._waits.discard(answer)
        return answer.done() and not answer.cancelled()


def _token(request: web.Request) -> str:
    """Return the session's token: a header since Phoenix 1.8.10, or a parameter."""
    header = request.headers.get("X-Phoenix-LongPoll-Token")
    return header or request.query.get("token", "")


def _signature(name: str) -> str:
    return hmac.digest(SIGNING_KEY, name.encode(), "sha256").hex()


def _batch(body: bytes, content_type: str | None) -> list[str | bytes]:
    """Split a body into messages: one, or one per line in a batch.

    Raises:
        ValueError: A line is neither an array nor base64.
    """
    if content_type != "application/x-ndjson":
        return [_text(body)]
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    return [
        _text(line) if line.startswith(b"[") else b64decode(line, validate=True)
        for line in lines[:MAX_LINES]
    ]


def _text(body: bytes) -> str:
    """Decode a text; the session rejects what is not UTF-8."""
    return body.decode(errors="surrogateescape")


def _json(request: web.Request, value: Mapping[str, Any]) -> web.Response:
    """Answer with JSON, gzipped if the client accepts that."""
    is_zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    return responses.json(value, headers=FRESH, is_zipped=is_zipped)


def _preflight(request: web.Request) -> web.Response:
    """Answer a browser's preflight request; every origin is allowed."""
    requested = request.headers.get("Access-Control-Request-Headers", "")
    headers = {
        **SHARED,
        "Access-Control-Allow-Headers": requested,
        "Access-Control-Allow-Methods": "get, post, options",
        "Access-Control-Max-Age": "3600",
    }
    return responses.text(200, headers=headers)
