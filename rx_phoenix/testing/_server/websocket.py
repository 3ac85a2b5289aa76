"""The WebSocket of one client."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec
from aiohttp import WSMsgType, web

from rx_phoenix.testing._server import responses
from rx_phoenix.testing._server.codec import Frame, Opcode
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.frame_guard import GuardedResponse
from rx_phoenix.testing._server.handshake import admit, negotiate
from rx_phoenix.testing._server.routes import ChannelFactory
from rx_phoenix.testing._server.session import CloseCode, Session
from rx_phoenix.testing._server.socket import ConnectRefused, SocketOptions

__all__ = ["serve_websocket"]

logger = logging.getLogger("rx_phoenix.testing.server")


async def serve_websocket(
    request: web.Request,
    options: SocketOptions,
    endpoint: Endpoint,
    channels: Mapping[str, ChannelFactory],
) -> web.StreamResponse:
    """Answer the handshake of a WebSocket, and serve it until it ends.

    Args:
        request: The handshake.
        options: The options of the requested socket.
        endpoint: The state shared by all clients.
        channels: The channels by pattern.
    """
    if request.method != "GET":
        return responses.text(400)
    try:
        header = request.headers.get("Sec-WebSocket-Protocol")
        subprotocol, auth_token = negotiate(header, options)
        socket = await admit(request, options, "websocket", auth_token)
    except ConnectRefused as refusal:
        return responses.text(refusal.status, refusal.body, refusal.headers)
    except Exception:
        logger.exception("The connect of %s crashed", request.path)
        return responses.crashed()
    upgrade = request.headers.getall("Connection", [])
    if not any("upgrade" in item.lower() for item in upgrade):
        got = msgspec.json.encode(upgrade).decode()
        return responses.text(
            400, f"'connection' header must contain 'upgrade', got {got}"
        )
    websocket = GuardedResponse(
        options.max_frame_size,
        timeout=0.0,  # Bandit does not wait for the answer to its close frame
        autoclose=False,
        autoping=False,
        protocols=[subprotocol] if subprotocol else (),
        compress=options.compress,
    )
    websocket.headers["Cache-Control"] = responses.PRIVATE
    connection = WebSocketConnection(request, websocket)
    session = Session(connection, socket, endpoint, channels, options.max_channels)
    endpoint.sessions.add(session)  # before the client sees the handshake's end
    try:
        await connection.run(session, options.idle_timeout)
    except ConnectionError:
        return responses.text(400)  # never received: the client is gone
    finally:
        endpoint.sessions.discard(session)
    return websocket


class WebSocketConnection:
    """The WebSocket of one client: one task reads frames, the session writes them.

    Args:
        request: The handshake.
        websocket: The response, not yet sent.
    """

    def __init__(self, request: web.Request, websocket: GuardedResponse) -> None:
        self._request = request
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._last_received = self._loop.time()

    async def run(self, session: Session, idle_timeout: float) -> None:
        """Answer the handshake, and serve a session until it ends.

        Args:
            session: The session.
            idle_timeout: Seconds after which a silent client is disconnected.

        Raises:
            ConnectionError: The client left before the response.
        """
        await self._websocket.prepare(self._request)
        self._last_received = self._loop.time()
        reader = self._loop.create_task(self._read(session))
        idle_watch = self._loop.create_task(self._watch_idle(session, idle_timeout))
        try:
            await session.run()
        finally:
            reader.cancel()
            idle_watch.cancel()
            await asyncio.wait([reader, idle_watch])

    async def send(self, frame: Frame) -> None:
        """Write a frame."""
        await self._websocket.send_frame(frame.data, WSMsgType(frame.opcode))

    async def close(self, code: CloseCode) -> None:
        """Write a close frame and end the connection."""
        await self._websocket.close(code=code)

    def abort(self) -> None:
        """End the connection at once, without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _read(self, session: Session) -> None:
        while True:
            message = await self._websocket.receive()
            self._last_received = self._loop.time()
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    if self._websocket.is_bomb(message.data):
                        return session.end(CloseCode.TOO_BIG)
                    session.receive(message.data)
                case WSMsgType.PING:
                    session.deliver(Frame(message.data, Opcode.PONG))
                case WSMsgType.PONG:
                    pass
                case WSMsgType.CLOSE:
                    return session.end(CloseCode.NORMAL)
                case _:
                    return session.end(None)

    async def _watch_idle(self, session: Session, idle_timeout: float) -> None:
        """Disconnect a silent client, but not while it waits for a join."""
        while (left := self._last_received + idle_timeout - self._loop.time()) > 0:
            await asyncio.sleep(left)
            if session.is_joining:
                self._last_received = self._loop.time()
        session.end(CloseCode.IDLE)
