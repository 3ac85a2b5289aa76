"""A client of bytes: HTTP and WebSocket frames over a TCP connection, and no more."""

import asyncio
import re
import socket
import zlib
from contextlib import suppress

__all__ = ["RawClient"]

OPCODES = {"CONT": 0, "TEXT": 1, "BIN": 2, "OP3": 3, "CLOSE": 8, "PING": 9, "PONG": 10}
NAMES = {code: name for name, code in OPCODES.items()}
FRAME = re.compile(r"(\w+)( fin=0)?( unmasked)? ?(.*)", re.DOTALL)
ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def encode_frame(text: str) -> bytes:
    """Write a frame as the transcript spells it; its mask is zero, which is legal."""
    opcode, is_part, is_unmasked, payload = FRAME.fullmatch(text).groups()
    if opcode in ("TEXT", "CONT", "OP3"):
        data = ESCAPED.sub(lambda hit: bytes.fromhex(hit[1].decode()), payload.encode())
    else:
        data = bytes.fromhex(payload)
    mask_bit, mask = (0, b"") if is_unmasked else (0x80, b"\0\0\0\0")
    head = bytes([OPCODES[opcode] | (0 if is_part else 0x80)])
    if len(data) < 126:
        size = bytes([len(data) | mask_bit])
    elif len(data) < 65536:
        size = bytes([126 | mask_bit]) + len(data).to_bytes(2, "big")
    else:
        size = bytes([127 | mask_bit]) + len(data).to_bytes(8, "big")
    return head + size + mask + data


class RawClient:
    """One connection, without a layer between: what came before a reset is kept."""

    def __init__(self, sock):
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.inflater = zlib.decompressobj(wbits=-15)

    @classmethod
    async def connect(cls, port):
        sock = socket.socket()
        sock.setblocking(False)
        client = cls(sock)
        try:
            await client.loop.sock_connect(sock, ("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        return client

    async def request(self, method, target, headers, body=None, *, is_upgrade):
        """Send a request; Host is what it was when the transcript was taken."""
        head = {"Host": "localhost:4000", **(UPGRADE if is_upgrade else {}), **headers}
        if body is not None:
            head["Content-Length"] = str(len(body))
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
        await self.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))

    async def response(self):
        """Read a response: its first line, its headers, its body."""
        end = b"\r\n\r\n"
        while end not in self.buffer:
            await self.fill()
        head = self.cut(self.buffer.index(end) + len(end)).decode()
        status, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await self.read(int(headers.get("content-length", 0)))
        if headers.get("content-encoding") == "gzip":
            body = zlib.decompress(body, wbits=31)
        return status, headers, body

    async def send(self, frames):
        """Send frames, in one write; the server may close when it sees them come."""
        with suppress(ConnectionError):
            await self.write(b"".join(map(encode_frame, frames)))

    async def receive(self):
        """Read a frame, spelled as the transcript spells it."""
        first, size = await self.read(2)
        if size >= 126:
            size = int.from_bytes(await self.read(2 if size == 126 else 8), "big")
        data = await self.read(size)
        name = NAMES[first & 0x0F]
        if first & 0x40:
            data = self.inflater.decompress(data + b"\0\0\xff\xff")
            name += " rsv=4"
        if name.startswith("TEXT"):
            return f"{name} {data.decode()}"
        if name == "CLOSE":
            code = int.from_bytes(data[:2], "big")
            return f"CLOSE code={code} reason={data[2:]}"
        return f"{name} {data.hex(' ')}".rstrip()

    async def ended(self):
        """Wait for the end of the stream, and tell what came before it."""
        with suppress(ConnectionError):  # a reset is an end as well
            while True:
                await self.fill()
        return bytes(self.buffer)

    def close(self):
        self.sock.close()

    async def write(self, data):
        await self.loop.sock_sendall(self.sock, data)

    async def fill(self):
        chunk = await self.loop.sock_recv(self.sock, 2**16)
        if not chunk:
            raise ConnectionError("the stream has ended")
        self.buffer += chunk

    async def read(self, size):
        while len(self.buffer) < size:
            await self.fill()
        return self.cut(size)

    def cut(self, size):
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data
