"""A TCP proxy on loopback that does to a connection what networks do."""

from asyncio import (
    CancelledError,
    Event,
    Server,
    StreamReader,
    StreamWriter,
    Task,
    create_task,
    gather,
    open_connection,
    sleep,
    start_server,
    wait,
)
from contextlib import suppress
from random import Random
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from types import TracebackType
from typing import Self

__all__ = ["FaultProxy"]

PIECE = 16 * 1024
"""Bytes moved at a time."""


class Direction:
    """What becomes of the bytes that travel one way.

    Attributes:
        is_silent: They are read and thrown away: neither end is told.
        delay: Seconds that each piece is held back.
        jitter: Up to how many seconds more, by chance.
        rate: Bytes a second; None for as fast as can be.
        budget: After so many more bytes the connections are cut; None for never.
        corrupts: Whether the last bit of the next piece is turned over.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self.delay = 0.0
        self.jitter = 0.0
        self.rate: float | None = None
        self.budget: int | None = None
        self.corrupts = False
        self.flows = Event()
        self.flows.set()


class FaultProxy:
    """Stands between a client and a server, and lets you break what is between them.

    Args:
        port: The server's port.
        host: The server's host.
        seed: What jitter is drawn from.

    Attributes:
        to_client: What becomes of what the server says.
        to_server: What becomes of what the client says.

    ::

        async with reference_app() as server, FaultProxy(server.port) as proxy:
            async with Socket(proxy.url) as socket:
                proxy.silence()  # a half-open connection: nobody is told
    """

    def __init__(self, port: int, *, host: str = "127.0.0.1", seed: int = 0) -> None:
        self.to_client = Direction()
        self.to_server = Direction()
        self._target = host, port
        self._chance = Random(seed)  # noqa: S311 - for play
        self._listener: Server | None = None
        self._port = 0
        self._links: set[tuple[StreamWriter, StreamWriter]] = set()
        self._carriers: set[Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.heal()
        await self.refuse()
        self.reset()
        await gather(*self._carriers, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where it listens; the same after each `accept`."""
        return self._port

    @property
    def url(self) -> str:
        """The endpoint of a reference app behind it."""
        return f"ws://127.0.0.1:{self._port}/socket"

    @property
    def connections(self) -> int:
        """How many connections it carries."""
        return len(self._links)

    async def accept(self) -> None:
        """Take new connections."""
        if self._listener is None:
            self._listener = await start_server(self._begin, "127.0.0.1", self._port)
            self._port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Take no new connection: whoever dials is refused at once."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def heal(self) -> None:
        """Do nothing bad any more, to connections that are still there."""
        for direction in (self.to_client, self.to_server):
            direction.is_silent = False
            direction.delay = direction.jitter = 0.0
            direction.rate = direction.budget = None
            direction.corrupts = False
            direction.flows.set()

    def silence(self, *, to_client: bool = True, to_server: bool = True) -> None:
        """Lose every byte, and tell nobody: a half-open connection."""
        self.to_client.is_silent = to_client
        self.to_server.is_silent = to_server

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """Hold every piece back, both ways; the order stays."""
        for direction in (self.to_client, self.to_server):
            direction.delay, direction.jitter = seconds, jitter

    def throttle(self, rate: float) -> None:
        """Let through so many bytes a second each way."""
        self.to_client.rate = self.to_server.rate = rate

    def cut_after(self, count: int) -> None:
        """Cut all connections once, so many bytes to clients later: in mid-frame."""
        self.to_client.budget = count

    def block_writes(self) -> None:
        """Read no more from the client: its writes stall once buffers are full."""
        self.to_server.flows.clear()

    def corrupt(self) -> None:
        """Turn over a bit of the next piece to the client."""
        self.to_client.corrupts = True

    def reset(self) -> None:
        """End every connection with a reset."""
        for writers in tuple(self._links):
            for writer in writers:
                _reset(writer)

    def _cut(self) -> None:
        for writers in self._links:
            for writer in writers:
                writer.close()

    def _begin(self, reader: StreamReader, writer: StreamWriter) -> None:
        carrier = create_task(self._carry(reader, writer))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            up_reader, up_writer = await open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        link = writer, up_writer
        self._links.add(link)
        pumps = {
            create_task(self._pump(reader, up_writer, self.to_server)),
            create_task(self._pump(up_reader, writer, self.to_client)),
        }
        try:
            await wait(pumps, return_when="FIRST_COMPLETED")
        finally:
            for pump in pumps:
                pump.cancel()
            await gather(*pumps, return_exceptions=True)
            self._links.discard(link)
            for each in link:
                each.close()
                with suppress(ConnectionError):
                    await each.wait_closed()

    async def _pump(
        self, reader: StreamReader, writer: StreamWriter, way: Direction
    ) -> None:
        with suppress(ConnectionError, CancelledError):
            while True:
                await way.flows.wait()
                piece = await reader.read(PIECE)
                if not piece:
                    return
                await way.flows.wait()
                await self._hold_back(len(piece), way)
                if not way.is_silent:
                    writer.write(self._spoilt(piece, way))
                    await writer.drain()
                if way.budget == 0:
                    way.budget = None
                    self._cut()
                    return

    async def _hold_back(self, size: int, way: Direction) -> None:
        held = way.delay + self._chance.uniform(0, way.jitter)
        if way.rate is not None:
            held += size / way.rate
        if held:
            await sleep(held)

    def _spoilt(self, piece: bytes, way: Direction) -> bytes:
        if way.corrupts:
            way.corrupts = False
            piece = piece[:-1] + bytes([piece[-1] ^ 1])
        if way.budget is not None:
            piece = piece[: way.budget]
            way.budget -= len(piece)
        return piece


def _reset(writer: StreamWriter) -> None:
    """Close a connection in the way that a crashed peer's kernel does."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    writer.transport.abort()
