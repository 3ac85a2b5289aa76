import pytest
from aiohttp import WebSocketError

from rx_phoenix.testing._server.frame_guard import FrameGuard

MASK = b"\0\0\0\0"


class Parser:
    """A parser that records what it is fed."""

    def __init__(self):
        self.data = b""
        self.error = None

    def feed_data(self, data):
        self.data += data
        return False, b""

    def feed_eof(self):
        self.data += b"<end>"

    def set_exception(self, error):
        self.error = error


@pytest.fixture
def parser():
    return Parser()


@pytest.fixture
def guard(parser):
    return FrameGuard(parser, parser, max_frame_size=1000)


def frame(first, payload, *, mask=0x80):
    size = len(payload)
    head = bytes([size | mask]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + head + MASK + payload


def test_frames_pass_in_any_pieces(guard, parser):
    data = frame(0x81, b"hi") + frame(0x82, b"x" * 300) + frame(0x89, b"")

    for byte in data:
        assert guard.feed_data(bytes([byte])) == (False, b"")
    guard.feed_eof()

    assert parser.data == data + b"<end>"
    assert list(guard.compressed) == [0, 0]


def test_a_frame_without_a_mask_is_a_protocol_error(guard, parser):
    assert guard.feed_data(b"\x81\x02hi") == (True, b"")

    assert parser.error.code == 1002
    assert parser.data == b""


def test_a_frame_that_is_too_large_is_refused_by_its_header(guard):
    with pytest.raises(WebSocketError) as error:
        guard.scan(b"\x81\xff" + (1001).to_bytes(8, "big"))

    assert error.value.code == 1009


def test_the_limit_is_of_a_frame_and_not_of_a_message(guard):
    guard.scan(frame(0x01, b"x" * 900) + frame(0x00, b"x" * 900))
    guard.scan(frame(0x80, b"x" * 900))

    assert list(guard.compressed) == [0]


def test_the_size_of_a_compressed_message_is_that_of_its_frames(guard):
    guard.scan(frame(0x41, b"x" * 10) + frame(0x89, b"ping") + frame(0x80, b"x" * 5))

    assert list(guard.compressed) == [15]
