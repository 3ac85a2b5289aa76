"""What is used of aiohttp beyond its documentation, kept to its word.

A new aiohttp that fails here needs a look at `rx_phoenix._transport.aiohttp_frames`,
before the range of versions is widened.
"""

import ast
import asyncio
import inspect
import json
import socket
import tomllib
import zlib
from base64 import b64encode
from hashlib import sha1
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import ClientResponse, ClientSession, WSServerHandshakeError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import WebSocketWriter
from multidict import CIMultiDict
from yarl import URL

from rx_phoenix._transport import aiohttp_answers, aiohttp_frames
from rx_phoenix._transport.aiohttp_frames import (
    OVERHEAD,
    QUEUE_LIMIT,
    Compression,
    FrameError,
    FrameReader,
    FrameWriter,
    Network,
    Upgrade,
)
from rx_phoenix._transport.outlet import Outlet

PLAIN = Compression()
DEFLATE = "permessage-deflate"

VERSIONS = "aiohttp>=3.14,<4"
"""The versions for which this was read and tried."""


class Log:
    """A reader of frames, and what it delivers.

    Attributes:
        events: What it called, in order.
    """

    def __init__(self, *, max_size=2**24, compression=PLAIN):
        self.events = []
        self.reader = FrameReader(
            deliver=self.events.append,
            pinged=lambda data: self.events.append(("ping", data)),
            closed=lambda code, reason: self.events.append((code, reason)),
            failed=self.events.append,
            cut=lambda: self.events.append("cut"),
            max_size=max_size,
            compression=compression,
        )


class Sink:
    """A network that takes everything."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        self.data += data

    def get_write_buffer_size(self):
        return 0


def frame(data, opcode=1, *, final=True, rsv=0):
    """A frame as a server sends it."""
    head = bytes([0x80 * final | rsv | opcode])
    if len(data) < 126:
        return head + bytes([len(data)]) + data
    if len(data) < 65536:
        return head + b"\x7e" + len(data).to_bytes(2, "big") + data
    return head + b"\x7f" + len(data).to_bytes(8, "big") + data


# The version.


def test_the_range_of_versions_is_the_one_that_this_was_written_for():
    project = Path(__file__).parents[2] / "pyproject.toml"
    dependencies = tomllib.loads(project.read_text())["project"]["dependencies"]

    assert VERSIONS in dependencies
    assert (3, 14) <= tuple(map(int, aiohttp.__version__.split(".")[:2])) < (4,)


def test_a_protocol_takes_a_parser_and_what_it_parses_into():
    parameters = inspect.signature(ResponseHandler.set_parser).parameters

    assert list(parameters)[:3] == ["self", "parser", "payload"]
    names = {"pause_reading", "resume_reading", "exception", "read_timeout"}
    names |= {"closed", "writing_paused", "_drain_waiter", "_loop", "_parser"}
    assert names <= {*dir(ResponseHandler)}
    assert {"connection", "_connection"} <= {*dir(ClientResponse)}


def test_a_queue_has_what_it_is_emptied_by():
    assert {"read", "exception", "_buffer", "_size"} <= {*dir(Log().reader.queue)}


@pytest.mark.parametrize(
    ("name", "third"),
    [("_write_websocket_frame", "rsv"), ("_send_compressed_frame_sync", "compress")],
)
def test_a_writer_has_the_two_ends_of_send_frame_which_do_not_wait(name, third):
    method = getattr(WebSocketWriter, name)

    assert list(inspect.signature(method).parameters) == [
        "self",
        "message",
        "opcode",
        third,
    ]
    assert not inspect.iscoroutinefunction(method)


async def test_a_session_has_what_is_asked_of_it():
    async with ClientSession() as session:
        assert hasattr(session, "_middlewares")
        names = {"_acquired", "_acquired_per_host", "_factory"}
        assert names <= {*dir(session.connector)}


def test_nothing_else_that_is_private_is_used():
    found = set()
    for module in (aiohttp_frames, aiohttp_answers):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            match node:
                case ast.Attribute(value=ast.Name(id="self")):
                    pass
                case ast.Attribute(attr=name) if not name.endswith("__"):
                    found.add(name)
                case ast.Call(func=ast.Name(id="getattr"), args=[_, named, *_]):
                    found.add(ast.literal_eval(named))

    assert {name for name in found if name.startswith("_")} == {
        "_acquired",
        "_acquired_per_host",
        "_buffer",
        "_connection",
        "_drain_waiter",
        "_factory",
        "_loop",
        "_middlewares",
        "_parser",
        "_send_compressed_frame_sync",
        "_size",
        "_write_websocket_frame",
    }


# Reading.


def test_the_frames_of_one_read_are_one_batch():
    log = Log()
    outcome = log.reader.feed_data(frame(b"a") + frame(b"\xff", 2) + frame(b""))

    assert outcome == (False, b"")
    assert log.events == [[b"a", b"\xff", b""]]


def test_a_frame_in_pieces_comes_with_its_last_and_its_bytes_at_once():
    log = Log()
    data = frame(b"a" * 200)
    counts = []
    for i in range(0, len(data), 50):
        log.reader.feed_data(data[i : i + 50])
        counts.append((log.reader.bytes_received, len(log.events)))

    assert counts == [(50, 0), (100, 0), (150, 0), (200, 0), (204, 1)]
    assert log.events == [[b"a" * 200]]


def test_a_message_in_fragments_is_one_with_a_ping_between_them():
    log = Log()
    log.reader.feed_data(
        frame(b"a", final=False) + frame(b"p", 9) + frame(b"b", 0) + frame(b"o", 10)
    )

    assert log.events == [("ping", b"p"), [b"ab"]]


def test_frames_before_a_close_come_first_and_none_after_it():
    log = Log()
    log.reader.feed_data(
        frame(b"a") + frame((1012).to_bytes(2, "big") + b"restart", 8) + frame(b"b")
    )

    assert log.events == [[b"a"], (1012, "restart")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"a", 3), 1002),
        (frame(b"a", rsv=0x40), 1002),
        (frame(b"a", 0), 1002),
        (frame(b"\x03", 8), 1002),
        (frame(b"\x03\xe8\xff", 8), 1007),
        (frame(b"x" * 1001), 1009),
    ],
)
def test_a_violation_comes_behind_the_frames_before_it(data, code):
    log = Log(max_size=1000)
    outcome = log.reader.feed_data(frame(b"a") + data)

    assert outcome[0] is True
    frames, error = log.events
    assert frames == [b"a"]
    assert isinstance(error, FrameError)
    assert error.code == code


def test_the_end_of_the_network_is_passed_on():
    log = Log()
    log.reader.feed_eof()

    assert log.events == ["cut"]


def counted(log):
    """The bytes that the queue believes to hold."""
    return log.reader.queue._size  # noqa: SLF001


def test_no_amount_of_messages_fills_the_queue():
    log = Log()
    size = QUEUE_LIMIT // 2
    for _ in range(20):
        log.reader.feed_data(frame(b"x" * size))
    many = frame(b"x" * 100) * 10_000
    log.reader.feed_data(many * 3)

    assert sum(map(len, log.events)) == 20 + 30_000
    assert counted(log) <= QUEUE_LIMIT


def test_the_queue_counts_what_a_message_costs():
    log = Log()
    log.reader.feed_data(frame(b"abc"))

    assert counted(log) == 3 + OVERHEAD


def test_a_small_read_that_inflates_to_much_is_delivered_in_parts():
    deflate = zlib.compressobj(wbits=-15)
    one = deflate.compress(b"x" * QUEUE_LIMIT) + deflate.flush(zlib.Z_SYNC_FLUSH)
    whole = b""
    for _ in range(20):
        whole += frame(one.removesuffix(b"\x00\x00\xff\xff"), rsv=0x40)
        one = deflate.compress(b"x" * QUEUE_LIMIT) + deflate.flush(zlib.Z_SYNC_FLUSH)
    log = Log(compression=Compression(15))
    log.reader.feed_data(whole)

    assert [len(m) for batch in log.events for m in batch] == [QUEUE_LIMIT] * 20
    assert max(map(len, log.events)) <= 3


# Writing.


async def written(frames, compression=PLAIN):
    """What a writer makes of frames, read again as a server does."""
    sink = Sink()
    outlet = Outlet(sink, asyncio.get_running_loop(), 10.0, print)
    writer = FrameWriter(outlet, compression)
    for item in frames:
        writer.send(item)
    writer.pong(b"p")
    writer.close(1000, "é" * 100)
    outlet.end_turn()
    log = Log(compression=compression)
    log.reader.feed_data(sink.data)
    return sink.data, log.events


@pytest.mark.parametrize("bits", [0, 15])
async def test_frames_are_masked_and_complete_whatever_their_size(bits):
    frames = [
        "text ü",
        b"\xff",
        "",
        "x" * 200,
        b"y" * 70_000,
        "z",
        b"y" * 150_000,
    ]
    data, events = await written(frames, Compression(bits))

    expected = [f.encode() if isinstance(f, str) else f for f in frames]
    assert events == [expected, (1000, "é" * 61)]
    assert data[1] & 0x80
    assert b"y" * 100 not in data


async def test_a_large_compressed_message_keeps_its_place():
    big = json.dumps(list(range(50_000)))
    _, events = await written(["a", big, "b"], Compression(15))

    assert events[0] == [b"a", big.encode(), b"b"]


# The handshake.


class Answer:
    """A server's answer to an upgrade."""

    def __init__(self, status, headers):
        self.status = status
        self.headers = CIMultiDict(headers)
        self.history = ()
        self.request_info = aiohttp.RequestInfo(URL("ws://x"), "GET", {}, URL("ws://x"))


def accepting(upgrade, **headers):
    """The right answer, but for some headers."""
    magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    key = upgrade.headers["Sec-WebSocket-Key"] + magic
    right = {
        "Upgrade": "WebSocket",
        "Connection": "upgrade",
        "Sec-WebSocket-Accept": b64encode(sha1(key.encode()).digest()).decode(),
    }
    return Answer(101, right | {k.replace("_", "-"): v for k, v in headers.items()})


def test_the_request_offers_what_is_asked_for():
    upgrade = Upgrade({"X-Mine": "1", "upgrade": "no"}, ("a", "b"), 12)

    assert upgrade.headers["X-Mine"] == "1"
    assert "upgrade" not in upgrade.headers
    assert upgrade.headers["Sec-WebSocket-Protocol"] == "a,b"
    assert "server_max_window_bits=12" in upgrade.headers["Sec-WebSocket-Extensions"]
    assert (
        upgrade.headers["Sec-WebSocket-Key"]
        != Upgrade({}, (), 0).headers["Sec-WebSocket-Key"]
    )


@pytest.mark.parametrize(
    ("compress", "extensions", "agreed"),
    [
        (0, "permessage-deflate", Compression()),
        (15, "", Compression()),
        (15, "permessage-deflate", Compression(15)),
        (
            15,
            f"{DEFLATE}; client_no_context_takeover; client_max_window_bits=10",
            Compression(10, no_takeover=True),
        ),
    ],
)
def test_an_upgrade_is_checked(compress, extensions, agreed):
    upgrade = Upgrade({}, (), compress)
    answer = accepting(upgrade, Sec_WebSocket_Extensions=extensions)

    assert upgrade.check(answer) == agreed


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Upgrade": "h2c"}, "Upgrade is not"),
        ({"Connection": "close"}, "Connection is not"),
        ({"Sec_WebSocket_Accept": "x"}, "does not match"),
        (
            {"Sec_WebSocket_Extensions": f"{DEFLATE}; client_max_window_bits=8"},
            "Invalid window size",
        ),
    ],
)
def test_an_answer_that_is_not_an_upgrade_is_an_error(headers, why):
    upgrade = Upgrade({}, (), 15)

    with pytest.raises(WSServerHandshakeError, match=why):
        upgrade.check(accepting(upgrade, **headers))


def test_another_status_is_an_error():
    with pytest.raises(WSServerHandshakeError, match="not an upgrade"):
        Upgrade({}, (), 0).check(Answer(200, {}))


# The network.


async def test_a_release_while_the_last_bytes_are_taken_fails_nowhere():
    loop, failures = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.setblocking(False)
        transport, protocol = await loop.create_connection(
            lambda: ResponseHandler(loop), sock=ours
        )
        handshake = SimpleNamespace(protocol=protocol, close=protocol.close)
        network = Network(SimpleNamespace(connection=handshake))
        while not transport.get_write_buffer_size():
            transport.write(bytes(4096))

        # The loop finds room in the turn of the release, ahead of the abort.
        loop.call_soon(network.release)
        drain(theirs)
        for _ in range(4):
            await asyncio.sleep(0)

    assert not failures
    assert protocol.closed is None or protocol.closed.done()


def drain(peer):
    """Read what there is."""
    while True:
        try:
            peer.recv(2**16)
        except BlockingIOError:
            return
