"""A server that does what a scenario says, and writes down what the client does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

__all__ = ["Recorder", "run_recorder"]

PATIENCE = 10.0
"""Seconds to wait for the client before the scenario fails."""

LIFECYCLE = frozenset({"phx_close", "phx_error"})

Frame = list[Any]
"""A message as an array of five; bytes are ``{"bytes": "00ff"}``."""


@dataclass
class Line:
    """One attempt to connect, and its connection.

    Attributes:
        request: The request.
        asked: Its path and query, and the subprotocols it offered.
        websocket: The connection.
        frames: What the client said.
        end: How it ended, but for the server's own close; None before that.
    """

    request: web.Request
    asked: list[str]
    websocket: web.WebSocketResponse
    frames: list[Frame] = field(default_factory=list)
    end: str | None = None
    expected: set[int] = field(default_factory=set)
    is_ended_by_server: bool = False

    def find(self, event: str, topic: str | None) -> int | None:
        """The first frame of an event (and topic) that was not expected yet."""
        for index, (_, _, its_topic, its_event, _) in enumerate(self.frames):
            fits = its_event == event and topic in {None, its_topic}
            if fits and index not in self.expected:
                return index
        return None

    def drop(self) -> None:
        """End it without a word, if it has not ended."""
        self.is_ended_by_server = True
        if self.request.transport is not None:
            self.request.transport.abort()


class Recorder:
    """The server of one client. Its coroutines are what a scenario can say.

    Attributes:
        url: The endpoint.
        lines: The attempts to connect, in their order.
    """

    def __init__(self) -> None:
        self.url = ""
        self.lines: list[Line] = []
        self._opened = 0
        self._refusals: list[int] = []
        self._is_held = False
        self._named: dict[str, Frame] = {}
        self._news = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a connection, or refuse it."""
        offer = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = offer.replace(",", " ").split()
        websocket = web.WebSocketResponse(protocols=protocols[:1])
        line = Line(request, [request.raw_path, *protocols], websocket)
        self.lines.append(line)
        if self._refusals:
            status = self._refusals.pop(0)
            line.end = f"refused with {status}"
            self._news.set()
            return web.Response(status=status)
        await self._until(lambda: not self._is_held, "release")
        await websocket.prepare(request)
        self._news.set()
        async for message in websocket:
            is_text = message.type is WSMsgType.TEXT
            read = json.loads if is_text else read_binary
            line.frames.append(read(message.data))
            self._news.set()
        if not line.is_ended_by_server:
            line.end = f"closed with {websocket.close_code or 'no code'}"
        self._news.set()
        return websocket

    # Connections.

    async def hold(self) -> None:
        """Let attempts to connect wait for the release."""
        self._is_held = True

    async def release(self) -> None:
        """Let them open."""
        self._is_held = False
        self._news.set()

    async def refuse(self, status: int, times: int = 1) -> None:
        """Refuse the next attempts to connect."""
        self._refusals += [status] * times

    async def refused(self) -> None:
        """Wait until all of them were refused."""
        await self._until(lambda: not self._refusals, "attempt")

    async def opened(self) -> None:
        """Wait for the next connection."""
        self._opened += 1
        await self._until(lambda: len(self._open_lines) >= self._opened, "connection")

    async def closed(self) -> None:
        """Wait until the client closed its connection."""
        line = self._line
        await self._until(lambda: line.end is not None, "close")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        self._line.is_ended_by_server = True
        await self._line.websocket.close(code=code, message=reason.encode())

    async def drop(self) -> None:
        """End the connection without a word."""
        self._line.drop()

    # Messages.

    async def expect(
        self,
        event: str,
        topic: str | None = None,
        name: str | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        """Wait for a message, call it by a name (its event's, if none is given), and
        answer it if there is an answer.
        """
        line = self._line
        await self._until(lambda: line.find(event, topic) is not None, event)
        index = line.find(event, topic)
        assert index is not None
        line.expected.add(index)
        name = name or event
        self._named[name] = line.frames[index]
        if answer is not None:
            await self.answer(name, **answer)

    async def answer(
        self, to: str, status: str = "ok", response: Any = None, **refs: str | None
    ) -> None:
        """Reply to a message by its name; `refs` are others than its own."""
        join_ref, ref, topic, *_ = self._named[to]
        payload = {"status": status, "response": {} if response is None else response}
        join_ref, ref = refs.get("join_ref", join_ref), refs.get("ref", ref)
        await self._send([join_ref, ref, topic, "phx_reply", payload])

    async def say(self, join: str, event: str, payload: Any = None) -> None:
        """Say something as the channel that a join began."""
        join_ref, _, topic, *_ = self._named[join]
        ref = join_ref if event in LIFECYCLE else None
        await self._send([join_ref, ref, topic, event, payload or {}])

    async def broadcast(self, topic: str, event: str, payload: Any = None) -> None:
        """Say something to everybody on a topic."""
        await self._send([None, None, topic, event, payload or {}])

    async def _send(self, frame: Frame) -> None:
        binary = write_binary(frame)
        if binary is None:
            await self._line.websocket.send_str(json.dumps(frame))
        else:
            await self._line.websocket.send_bytes(binary)

    @property
    def _open_lines(self) -> list[Line]:
        return [line for line in self.lines if line.websocket.prepared]

    @property
    def _line(self) -> Line:
        return self._open_lines[-1]

    async def _until(self, is_so: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not is_so():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} came: {self.lines}") from None


def read_binary(data: bytes) -> Frame:
    """A binary push of the client's: kind, four lengths, four fields, and bytes."""
    kind, *lengths = data[:5]
    assert kind == 0, f"a binary frame of the client's is no push: {data!r}"
    frame: Frame = []
    rest = data[5:]
    for length in lengths:
        frame.append(rest[:length].decode())
        rest = rest[length:]
    return [*frame, {"bytes": rest.hex()}]


def write_binary(frame: Frame) -> bytes | None:
    """A binary reply, broadcast or push of the server's; None if it is JSON."""
    match frame:
        case [join_ref, ref, topic, "phx_reply", {"response": {"bytes": data}, **rest}]:
            kind, fields = 1, [join_ref, ref, topic, rest["status"]]
        case [None, _, topic, event, {"bytes": data}]:
            kind, fields = 2, [topic, event]
        case [join_ref, _, topic, event, {"bytes": data}]:
            kind, fields = 0, [join_ref, topic, event]
        case _:
            return None
    encoded = [field.encode() for field in fields]
    head = bytes([kind, *map(len, encoded)])
    return b"".join([head, *encoded, bytes.fromhex(data)])


@asynccontextmanager
async def run_recorder() -> AsyncIterator[Recorder]:
    """Start a recorder on loopback."""
    recorder = Recorder()
    app = web.Application()
    app.router.add_get("/socket/websocket", recorder.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        recorder.url = f"ws://{host}:{port}/socket"
        yield recorder
    finally:
        for line in recorder.lines:
            line.drop()
        await runner.cleanup()
