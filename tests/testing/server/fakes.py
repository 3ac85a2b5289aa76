"""Fakes of the parts around a part of the server: each records its calls."""

import asyncio

from rx_phoenix.testing._server.codec import V2Serializer
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.process import ChannelProcess
from rx_phoenix.testing._server.socket import ServerSocket

__all__ = ["Connection", "Host", "Subscriber", "server_socket"]


def server_socket(serializer=None, **known):
    return ServerSocket(
        params={},
        auth_token=None,
        headers={},
        uri="http://localhost/socket/websocket?",
        transport="websocket",
        serializer=serializer or V2Serializer(),
        **known,
    )


class Subscriber:
    def __init__(self, serializer=None):
        self.serializer = serializer or V2Serializer()
        self.frames = []

    @property
    def texts(self):
        return [frame.data.decode() for frame in self.frames]

    def deliver(self, frame):
        self.frames.append(frame)


class Host(Subscriber):
    """A session of one channel; `ending` is True after a clean end."""

    def __init__(self):
        super().__init__()
        self.endpoint = Endpoint()
        self.socket = server_socket()
        self.ending = asyncio.get_running_loop().create_future()
        self.is_killed = False

    def channel_ended(self, process, *, is_clean):
        self.ending.set_result(is_clean)

    def kill(self):
        self.is_killed = True

    async def join(self, factory, message):
        """Join a channel, and return its process and the reply to the client."""
        process = ChannelProcess(factory, self, message)
        joined = await process.joined
        return process, joined


class Connection:
    """A connection to a client."""

    def __init__(self):
        self.texts = []
        self.code = None
        self.is_aborted = False
        self.is_broken = False
        self.news = asyncio.Event()

    async def send(self, frame):
        if self.is_broken:
            raise ConnectionResetError("the client has gone")
        self.texts.append(frame.data.decode())
        self.news.set()

    async def close(self, code):
        self.code = code

    def abort(self):
        self.is_aborted = True

    async def received(self, count):
        """Wait for a number of frames and return them."""
        while len(self.texts) < count:
            self.news.clear()
            await self.news.wait()
        return self.texts
