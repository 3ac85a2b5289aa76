"""Random streams of frames, cut at random places, against aiohttp's own client.

Whatever a server sends, well-formed or not, both must get the same messages and the
same close.
"""

import asyncio
import zlib
from random import Random

import pytest
from aiohttp import ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import WebSocketReader, WebSocketWriter
from reactivex import Observer

from rx_phoenix import ConnectionLost
from rx_phoenix._transport.aiohttp_frames import Compression
from rx_phoenix._transport.websocket import WebSocketConnection

STREAMS = 2000
PARTS = 10
MAX_SIZE = 70_000
SIZES = [0, 1, 2, 60, 125, 126, 127, 200, 1000, 65_535, 65_536]
CODES = [0, 999, 1000, 1001, 1004, 1005, 1006, 1012, 2999, 3000, 4999, 5000]


class Server:
    """What a server might send, by chance.

    Args:
        seed: Decides on everything.
    """

    def __init__(self, seed):
        self.random = Random(seed)
        self.is_compressed = self.random.random() < 0.4
        self.deflate = zlib.compressobj(wbits=-15)

    def stream(self):
        """Some frames; a few streams violate the protocol, and some end in a frame."""
        data = b"".join(self.item() for _ in range(self.random.randint(1, 12)))
        if self.random.random() < 0.3:
            data += self.violation() + self.item()
        if self.random.random() < 0.5:
            data += self.close() + self.item()
        if self.random.random() < 0.2:
            data = data[: self.random.randint(0, len(data))]
        return data

    def cut(self, data):
        """The same in pieces, as a network brings them."""
        if self.random.random() < 0.1 and len(data) < 2000:
            return [data[i : i + 1] for i in range(len(data))]
        count = self.random.choice([0, 0, 1, 2, 5, 20])
        places = sorted(self.random.randint(0, len(data)) for _ in range(count))
        return [
            data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)
        ]

    def item(self):
        kind = self.random.random()
        if kind < 0.1:
            return frame(9, self.random.randbytes(self.random.randint(0, 125)))
        if kind < 0.15:
            return frame(10, b"pong")
        opcode, data = self.random.choice([1, 2]), self.data()
        rsv = 0
        if self.is_compressed and self.random.random() < 0.7:
            rsv = 0x40
            data = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
            data = data.removesuffix(b"\x00\x00\xff\xff")
        if self.random.random() < 0.3:
            return self.fragments(opcode, rsv, data)
        return frame(opcode, data, rsv=rsv)

    def data(self):
        size = self.random.choice(SIZES) if self.random.random() < 0.3 else 40
        if self.random.random() < 0.5:
            return self.random.randbytes(size)
        return b"a" * size

    def fragments(self, opcode, rsv, data):
        middle = self.random.randint(0, len(data))
        ping = frame(9, b"between") if self.random.random() < 0.5 else b""
        first = frame(opcode, data[:middle], rsv=rsv, final=False)
        return first + ping + frame(0, data[middle:])

    def close(self):
        if self.random.random() < 0.1:
            return frame(8, b"")
        reason = self.random.choice([b"", b"restart", "é".encode(), b"\xff"])
        return frame(8, self.random.choice(CODES).to_bytes(2, "big") + reason)

    def violation(self):
        return self.random.choice(
            [
                frame(3, b""),
                frame(11, b""),
                frame(1, b"x", rsv=0x10),
                frame(1, b"x", rsv=0x40),
                frame(9, b"x", final=False),
                frame(9, b"x" * 126),
                frame(0, b"x"),
                frame(1, b"x", final=False) + frame(1, b"y"),
                frame(8, b"\x03"),
                frame(2, b"x" * MAX_SIZE),
                b"\x82\x7f" + b"\xff" * 8,
                b"\x81\x85abcdhello",  # a mask, which a server must not use
            ]
        )


def frame(opcode, data, *, rsv=0, final=True):
    head = bytes([0x80 * final | rsv | opcode])
    if len(data) < 126:
        return head + bytes([len(data)]) + data
    if len(data) < 65_536:
        return head + b"\x7e" + len(data).to_bytes(2, "big") + data
    return head + b"\x7f" + len(data).to_bytes(8, "big") + data


class Wire:
    """A network that keeps what is written; also aiohttp's response, and ours.

    Attributes:
        transport: Itself.
        connection: None, as aiohttp's response may have it.
    """

    error = None
    connection = None
    is_full = False

    def __init__(self):
        self.transport = self
        self.data = b""
        self.reader = None
        self.is_gone = False

    def write(self, data):
        self.data += data

    def writelines(self, pieces):
        self.data += b"".join(pieces)

    def is_closing(self):
        return self.is_gone

    def get_write_buffer_size(self):
        return 0

    def attach(self, reader):
        self.reader = reader

    def release(self):
        self.is_gone = True

    close = release


async def theirs(pieces, *, is_compressed):
    """Messages and close code that aiohttp's client reports."""
    loop = asyncio.get_running_loop()
    wire = Wire()
    protocol = BaseProtocol(loop)
    protocol.transport = wire
    queue = WebSocketDataQueue(protocol, 2**24, loop=loop)
    reader = WebSocketReader(queue, MAX_SIZE, compress=is_compressed, decode_text=False)
    writer = WebSocketWriter(protocol, wire, use_mask=True)
    timeout = ClientWSTimeout(ws_close=0.0)
    websocket = ClientWebSocketResponse(
        queue, writer, None, wire, timeout, True, True, loop
    )

    async def receive():
        messages = []
        while True:
            message = await websocket.receive()
            if message.type is WSMsgType.CLOSE:
                return messages, message.data or 1005
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return messages, websocket.close_code
            messages.append(message.data)

    receiving = asyncio.create_task(receive())
    for piece in pieces:
        if reader.feed_data(piece)[0]:
            break
    # What came is read before the network is gone.
    for _ in range(3):
        await asyncio.sleep(0)
    wire.is_gone = True
    reader.feed_eof()
    return await receiving


async def ours(pieces, *, is_compressed):
    """Messages and close code that our connection reports."""
    wire = Wire()
    connection = WebSocketConnection(
        wire,
        Compression(15 if is_compressed else 0),
        max_frame_size=MAX_SIZE,
        write_timeout=10.0,
    )
    messages = []
    connection.batches.subscribe(messages.extend)
    life = asyncio.create_task(connection.live(Observer()))
    await asyncio.sleep(0)
    for piece in pieces:
        if wire.reader.feed_data(piece)[0]:
            break
    wire.reader.feed_eof()
    with pytest.raises(ConnectionLost) as lost:
        await life
    return messages, lost.value.code


@pytest.mark.parametrize("part", range(PARTS))
async def test_any_stream_gives_the_same_messages_and_the_same_close(part):
    ends = set()
    for seed in range(part, STREAMS, PARTS):
        server = Server(seed)
        pieces = server.cut(server.stream())
        is_compressed = server.is_compressed
        expected = await theirs(pieces, is_compressed=is_compressed)
        actual = await ours(pieces, is_compressed=is_compressed)

        assert actual == expected, f"seed {seed}"
        ends.add(expected[1])

    assert {1000, 1002, 1006, 1007} <= ends
