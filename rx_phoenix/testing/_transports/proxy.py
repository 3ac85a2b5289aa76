"""A TCP proxy on loopback that injects network faults."""

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
from socket import SO_LINGER, SO_RCVBUF, SO_REUSEADDR, SOL_SOCKET, socket
from struct import pack
from types import TracebackType
from typing import Self

from rx_phoenix._protocol.checks import check_instance, check_port

__all__ = ["FaultProxy"]

CHUNK_SIZE = 16 * 1024
"""Bytes per read."""

WINDOW = 64 * 1024
"""Bytes that the kernel takes of a client ahead: a slow link hides no more."""

SLICE_TIME = 0.05
"""Seconds between the bytes of a slow link: large frames arrive steadily."""


class Direction:
    """The faults of one direction.

    Attributes:
        is_silent: True if bytes are read and discarded.
        delay: Seconds by which each chunk is delayed.
        jitter: Upper bound of a random extra delay, in seconds.
        rate: Bytes per second; None for no limit.
        budget: Bytes left until all connections are cut; None for no limit.
        heard: Bytes left until it falls silent; None for no limit.
        corrupts: True if the last bit of the next chunk is flipped.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self.delay: float = 0.0
        self.jitter: float = 0.0
        self.rate: float | None = None
        self.budget: int | None = None
        self.heard: int | None = None
        self.corrupts = False
        self.flows: Event = Event()
        self.flows.set()


class FaultProxy:
    """A TCP proxy between a client and a server that injects faults on demand.

    Args:
        port: The server's port.
        host: The server's host.
        seed: The seed of the jitter.

    Attributes:
        to_client: The faults on the way from server to client.
        to_server: The faults on the way from client to server.

    ::

        async with reference_app() as server, FaultProxy(server.port) as proxy:
            async with Socket(proxy.url) as socket:
                proxy.silence()  # a half-open connection
    """

    def __init__(self, port: int, *, host: str = "127.0.0.1", seed: int = 0) -> None:
        check_port("port", port)
        check_instance("host", host, str, "text")
        check_instance("seed", seed, int, "a whole number")
        self.to_client: Direction = Direction()
        self.to_server: Direction = Direction()
        self._target = host, port
        self._random = Random(seed)  # noqa: S311 - jitter
        self._listener: Server | None = None
        self._port = 0
        self._links: set[tuple[StreamWriter, StreamWriter]] = set()
        self._relays: set[Task[None]] = set()

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
        await gather(*self._relays, return_exceptions=True)

    @property
    def port(self) -> int:
        """The port that it listens on; kept across `refuse` and `accept`."""
        return self._port

    @property
    def url(self) -> str:
        """The endpoint of a reference app behind it."""
        return f"ws://127.0.0.1:{self._port}/socket"

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._links)

    async def accept(self) -> None:
        """Accept new connections."""
        if self._listener is None:
            listener = _listening_socket(self._port)
            self._listener = await start_server(
                self._begin, sock=listener, limit=CHUNK_SIZE
            )
            self._port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse new connections."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def heal(self) -> None:
        """Remove all faults; open connections continue."""
        for direction in (self.to_client, self.to_server):
            direction.is_silent = False
            direction.delay = direction.jitter = 0.0
            direction.rate = direction.budget = direction.heard = None
            direction.corrupts = False
            direction.flows.set()

    def silence(self, *, to_client: bool = True, to_server: bool = True) -> None:
        """Discard every byte, as on a half-open connection."""
        self.to_client.is_silent = to_client
        self.to_server.is_silent = to_server

    def silence_after(self, count: int) -> None:
        """Discard every byte to clients after this many more: half-open in mid-frame.

        Connections stay open, and what clients send still arrives.
        """
        self.to_client.heard = count

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """Delay every chunk in both directions; order is kept."""
        for direction in (self.to_client, self.to_server):
            direction.delay, direction.jitter = seconds, jitter

    def throttle(self, rate: float) -> None:
        """Limit each direction to a number of bytes per second, which flow steadily."""
        self.to_client.rate = self.to_server.rate = rate

    def cut_after(self, count: int) -> None:
        """Cut all connections once, after this many more bytes to clients."""
        self.to_client.budget = count

    def block_writes(self) -> None:
        """Stop reading from the client; its writes stall once buffers are full."""
        self.to_server.flows.clear()

    def corrupt(self) -> None:
        """Flip a bit of the next chunk to the client."""
        self.to_client.corrupts = True

    def reset(self) -> None:
        """Reset every connection."""
        for writers in tuple(self._links):
            for writer in writers:
                _reset(writer)

    def _cut(self) -> None:
        for writers in self._links:
            for writer in writers:
                writer.close()

    def _begin(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = create_task(self._relay(reader, writer))
        self._relays.add(task)
        task.add_done_callback(self._relays.discard)

    async def _relay(self, reader: StreamReader, writer: StreamWriter) -> None:
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
        self, reader: StreamReader, writer: StreamWriter, faults: Direction
    ) -> None:
        with suppress(ConnectionError, CancelledError):
            while True:
                await faults.flows.wait()
                chunk = await reader.read(CHUNK_SIZE)
                if not chunk:
                    return
                await faults.flows.wait()
                await self._delay_chunk(faults)
                while chunk:
                    piece = chunk[: await self._take_turn(len(chunk), faults)]
                    chunk = chunk[len(piece) :]
                    if not faults.is_silent:
                        writer.write(self._apply_faults(piece, faults))
                        await writer.drain()
                    if faults.budget == 0:
                        faults.budget = None
                        self._cut()
                        return

    async def _delay_chunk(self, faults: Direction) -> None:
        seconds = faults.delay + self._random.uniform(0, faults.jitter)
        if seconds:
            await sleep(seconds)

    async def _take_turn(self, size: int, faults: Direction) -> int:
        """Wait for the next bytes of a slow link; returns their number."""
        if faults.rate is None:
            return size
        size = min(size, max(1, int(faults.rate * SLICE_TIME)))
        await sleep(size / faults.rate)
        return size

    def _apply_faults(self, chunk: bytes, faults: Direction) -> bytes:
        if faults.heard is not None:
            chunk = chunk[: faults.heard]
            faults.heard -= len(chunk)
            faults.is_silent = faults.heard == 0
        if faults.corrupts and chunk:
            faults.corrupts = False
            chunk = chunk[:-1] + bytes([chunk[-1] ^ 1])
        if faults.budget is not None:
            chunk = chunk[: faults.budget]
            faults.budget -= len(chunk)
        return chunk


def _listening_socket(port: int) -> socket:
    """Return a socket on loopback whose connections have a small window."""
    listener = socket()
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    listener.setsockopt(SOL_SOCKET, SO_RCVBUF, WINDOW)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _reset(writer: StreamWriter) -> None:
    """Close a connection with a TCP reset, as the kernel of a crashed peer does."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    writer.transport.abort()
