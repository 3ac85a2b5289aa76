"""The WebSocket of one client."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec
from aiohttp import WSMsgType, web

from rx_phoenix.testing._server import responses
from rx_phoenix.testing._server.codec import Frame, Opcode
from rx_phoenix.testing._server.endpoint import Endpoint
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
        options: Those of the socket that is asked for.
        endpoint: What all clients share.
        channels: The channels that can be joined, by pattern.
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
    connection = request.headers.getall("Connection", [])
    if not any("upgrade" in item.lower() for item in connection):
        got = msgspec.json.encode(connection).decode()
        return responses.text(
            400, f"'connection' header must contain 'upgrade', got {got}"
        )
    websocket = web.WebSocketResponse(
        timeout=0.0,  # Bandit does not wait for the answer to its close frame
        autoclose=False,
        autoping=False,
        protocols=[subprotocol] if subprotocol else (),
        compress=options.compress,
        max_msg_size=options.max_frame_size,
    )
    websocket.headers["Cache-Control"] = responses.PRIVATE
    wire = WebSocketWire(request, websocket)
    session = Session(wire, socket, endpoint, channels, options.max_channels)
    endpoint.sessions.add(session)  # before the client hears that it is connected
    try:
        await wire.run(session, options.idle_timeout)
    except ConnectionError:
        return responses.text(400)  # to nobody: the client has gone meanwhile
    finally:
        endpoint.sessions.discard(session)
    return websocket


class WebSocketWire:
    """The frames of one client: one task reads them, the session writes them.

    Args:
        request: The handshake.
        websocket: Its answer, not sent yet.
    """

    def __init__(self, request: web.Request, websocket: web.WebSocketResponse) -> None:
        self._request = request
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()

    async def run(self, session: Session, idle_timeout: float) -> None:
        """Answer the handshake, and serve a session until it ends.

        Args:
            session: The session.
            idle_timeout: Seconds after which a silent client is turned out.

        Raises:
            ConnectionError: The client did not wait for the answer.
        """
        await self._websocket.prepare(self._request)
        self._heard = self._loop.time()
        listening = self._loop.create_task(self._listen(session))
        watching = self._loop.create_task(self._watch(session, idle_timeout))
        try:
            await session.run()
        finally:
            listening.cancel()
            watching.cancel()
            await asyncio.wait([listening, watching])

    async def send(self, frame: Frame) -> None:
        """Write a frame."""
        await self._websocket.send_frame(frame.data, WSMsgType(frame.opcode))

    async def close(self, code: CloseCode) -> None:
        """Write a close frame, and end the connection."""
        await self._websocket.close(code=code)

    def abort(self) -> None:
        """End the connection at once, without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _listen(self, session: Session) -> None:
        while True:
            message = await self._websocket.receive()
            self._heard = self._loop.time()
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    session.receive(message.data)
                case WSMsgType.PING:
                    session.deliver(Frame(message.data, Opcode.PONG))
                case WSMsgType.PONG:
                    pass
                case WSMsgType.CLOSE:
                    return session.end(CloseCode.NORMAL)
                case _:
                    return session.end(None)

    async def _watch(self, session: Session, idle_timeout: float) -> None:
        """Turn out a client that is silent; a join that it waits for is no silence."""
        while (left := self._heard + idle_timeout - self._loop.time()) > 0:
            await asyncio.sleep(left)
            if session.is_joining:
                self._heard = self._loop.time()
        session.end(CloseCode.IDLE)
