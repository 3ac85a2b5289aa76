"""A server that answers at once, and sends what it has encoded beforehand.

It speaks as much of Phoenix's protocol, versions 1 and 2, as a benchmark needs, with
nothing between itself and the bytes: what is measured should be the client. Every
push, join and heartbeat is answered ``ok``; the push ``go`` also brings the frames
that its payload asks for, in one write.
"""

import asyncio
import json
from base64 import b64encode
from functools import cache
from hashlib import sha1
from typing import Any

import msgspec

__all__ = ["Order", "main"]

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server adds to the key of a handshake (RFC 6455, 1.3)."""

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FINAL = 0x80


class Order(msgspec.Struct, frozen=True):
    """The frames that a client asks for.

    Attributes:
        count: How many events.
        topics: Over how many topics they are spread, in turn.
        events: Over how many names, likewise.
        kind: ``json``, ``binary``, or ``presence`` for a state of so many users and
            the diffs that follow it.
        users: How many users the state has.
    """

    count: int = 0
    topics: int = 1
    events: int = 1
    kind: str = "json"
    users: int = 0


class WireMessageV1(msgspec.Struct, array_like=True):
    """What a client says in version 2, undecoded where the bytes are echoed."""

    join_ref: msgspec.Raw
    ref: msgspec.Raw
    topic: str
    event: str
    payload: msgspec.Raw


class Named(msgspec.Struct):
    """The same in version 1."""

    topic: str
    event: str
    payload: msgspec.Raw
    ref: msgspec.Raw = msgspec.Raw(b"null")
    join_ref: msgspec.Raw = msgspec.Raw(b"null")


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._waiting = b""
        self._is_open = False
        self._as_array = msgspec.json.Decoder(WireMessageV1).decode
        self._as_object = msgspec.json.Decoder(Named).decode

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer all that came, in one write."""
        self._waiting += data
        if not self._is_open:
            self._shake_hands()
        answers: list[bytes] = []
        data, start = self._waiting, 0
        while (end := end_of_frame(data, start)) is not None:
            self._take(data[start] & 0x0F, unmasked(data, start, end), answers)
            start = end
        self._waiting = data[start:]
        if answers:
            self._transport.write(b"".join(answers))

    def _shake_hands(self) -> None:
        head, found, rest = self._waiting.partition(b"\r\n\r\n")
        if not found:
            return
        lines = (line.split(b":", 1) for line in head.split(b"\r\n")[1:])
        headers = {name.lower(): value.strip() for name, value in lines}
        digest = sha1(headers[b"sec-websocket-key"] + GUID).digest()  # noqa: S324 - RFC 6455
        answer = (
            b"HTTP/1.1 101 Switching Protocols\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + b64encode(digest) + b"\r\n\r\n"
        )
        self._transport.write(answer)
        self._waiting = rest
        self._is_open = True

    def _take(self, opcode: int, data: bytes, answers: list[bytes]) -> None:
        if opcode == TEXT:
            is_array = data.startswith(b"[")
            said = self._as_array(data) if is_array else self._as_object(data)
            answers.append(answer_to(said))
            if said.event == "go":
                answers.append(frames(self._order(said.payload), is_array=is_array))
        elif opcode == CLOSE:
            self._transport.write(frame(CLOSE, data))
            self._transport.close()
        elif opcode == PING:
            answers.append(frame(PONG, data))

    def _order(self, payload: msgspec.Raw) -> Order:
        return msgspec.json.decode(payload, type=Order)


def end_of_frame(data: bytes, start: int) -> int | None:
    """Where the frame that begins here ends; None if it is not all there."""
    head = start + 2
    if len(data) < head:
        return None
    length = data[start + 1] & 0x7F
    if length == 126:  # noqa: PLR2004 - RFC 6455, 5.2
        head += 2
        length = int.from_bytes(data[head - 2 : head], "big")
    elif length == 127:  # noqa: PLR2004
        head += 8
        length = int.from_bytes(data[head - 8 : head], "big")
    end = head + 4 + length
    return end if len(data) >= end else None


def unmasked(data: bytes, start: int, end: int) -> bytes:
    """The payload of a client's frame."""
    short = data[start + 1] & 0x7F
    head = start + 2 + {126: 2, 127: 8}.get(short, 0)
    length = end - head - 4
    mask = (data[head : head + 4] * (length // 4 + 1))[:length]
    hidden = int.from_bytes(data[head + 4 : end], "little")
    return (hidden ^ int.from_bytes(mask, "little")).to_bytes(length, "little")


def frame(opcode: int, data: bytes) -> bytes:
    """A frame of the server's."""
    length = len(data)
    if length < 126:  # noqa: PLR2004 - RFC 6455, 5.2
        head = bytes((FINAL | opcode, length))
    elif length < 1 << 16:
        head = bytes((FINAL | opcode, 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((FINAL | opcode, 127)) + length.to_bytes(8, "big")
    return head + data


def answer_to(said: WireMessageV1 | Named) -> bytes:
    """The reply ``ok`` to whatever was said."""
    topic = said.topic.encode()
    if isinstance(said, WireMessageV1):
        text = b'[%b,%b,"%b","phx_reply",{"status":"ok","response":{}}]'
        return frame(TEXT, text % (said.join_ref, said.ref, topic))
    text = (
        b'{"topic":"%b","event":"phx_reply","ref":%b,'
        b'"payload":{"status":"ok","response":{}}}'
    )
    return frame(TEXT, text % (topic, said.ref))


@cache
def frames(order: Order, *, is_array: bool) -> bytes:
    """All that an order asks for, encoded once and kept."""
    if order.kind == "presence":
        messages = presence(order)
    else:
        messages = [
            (f"bench:{i % order.topics}", f"tick{i % order.events}", payload(i))
            for i in range(order.count)
        ]
    if order.kind == "binary":
        return b"".join(binary(*message) for message in messages)
    return b"".join(frame(TEXT, text(*m, is_array=is_array)) for m in messages)


def payload(number: int) -> dict[str, Any]:
    """What an event carries: with what is around it, a frame of about 100 bytes."""
    return {"i": number, "name": "some name", "value": 3.25, "tags": ["a", "b"]}


def text(topic: str, event: str, body: object, *, is_array: bool) -> bytes:
    """A broadcast, which has no refs."""
    if is_array:
        said: object = [None, None, topic, event, body]
    else:
        said = {"topic": topic, "event": event, "payload": body, "ref": None}
    return json.dumps(said, separators=(",", ":")).encode()


def binary(topic: str, event: str, body: object) -> bytes:
    """A broadcast of bytes."""
    sizes = bytes((2, len(topic), len(event)))
    data = json.dumps(body, separators=(",", ":")).encode()
    return frame(BINARY, sizes + topic.encode() + event.encode() + data)


def presence(order: Order) -> list[tuple[str, str, Any]]:
    """A state of many users, then diffs in which one joins and one leaves."""

    def user(number: int) -> dict[str, Any]:
        meta = {"phx_ref": f"r{number}", "online_at": number, "device": "phone"}
        return {f"user:{number}": {"metas": [meta]}}

    state: dict[str, Any] = {}
    for number in range(order.users):
        state |= user(number)
    diffs = [
        {"joins": user(order.users + number), "leaves": user(number)}
        for number in range(order.count)
    ]
    topic = "bench:0"
    return [
        (topic, "presence_state", state),
        *((topic, "presence_diff", diff) for diff in diffs),
    ]


async def main() -> None:
    """Serve on a free port of loopback, and print it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
