"""Checks of a client's frames that Bandit makes and aiohttp does not."""

from collections import deque
from typing import Any

from aiohttp import WebSocketError, WSCloseCode, web

__all__ = ["INFLATE_RATIO", "GuardedResponse"]

INFLATE_RATIO = 25
"""The most bytes that a compressed byte may become."""

LARGEST = 2**32 - 1
"""The most bytes of a message that aiohttp's reader can be given as its limit."""

CHUNK = 16 * 1024
"""The most bytes of a message whose ratio does not count."""

HEADER = 2
"""The bytes of a frame's header before its extended length."""

EXTENDED = {126: 2, 127: 8}
"""The bytes of an extended length by the length that announces it."""

MASKED = 0x80
FINAL = 0x80
COMPRESSED = 0x40
CONTROL = 0x8


class FrameGuard:
    """A parser before aiohttp's: it reads the headers of frames only.

    Args:
        parser: The parser of aiohttp.
        queue: The queue that gets what the parser reads.
        max_frame_size: The most bytes of a frame.

    Attributes:
        compressed: The size of each data message as it was sent, 0 if it was not
            compressed.
    """

    def __init__(self, parser: Any, queue: Any, max_frame_size: int) -> None:
        self.compressed: deque[int] = deque()
        self._parser = parser
        self._queue = queue
        self._max_frame_size = max_frame_size
        self._header = b""
        self._left = 0
        self._size = 0
        self._is_compressed = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Parse what precedes the first violation; see `WebSocketReader.feed_data`."""
        try:
            self.scan(data)
        except WebSocketError as error:
            self._queue.set_exception(error)
            return True, b""
        return self._parser.feed_data(data)

    def feed_eof(self) -> None:
        """Parse the end of the connection."""
        self._parser.feed_eof()

    def scan(self, data: bytes) -> None:
        """Read the headers of frames.

        Raises:
            WebSocketError: A frame is too large, or is not masked.
        """
        start = 0
        while start < len(data):
            if self._left:
                step = min(self._left, len(data) - start)
                self._left -= step
                start += step
                continue
            self._header += data[start : start + 1]
            start += 1
            if len(self._header) == self._header_size():
                self._check()
                self._header = b""

    def _header_size(self) -> int:
        if len(self._header) < HEADER:
            return HEADER
        return HEADER + EXTENDED.get(self._header[1] & 0x7F, 0)

    def _check(self) -> None:
        first, second = self._header[:HEADER]
        if not second & MASKED:
            text = "a client must mask its frames"
            raise WebSocketError(WSCloseCode.PROTOCOL_ERROR, text)
        short = second & 0x7F
        extended = self._header[HEADER:]
        size = int.from_bytes(extended, "big") if extended else short
        if size > self._max_frame_size:
            text = f"a frame of {size} bytes exceeds {self._max_frame_size}"
            raise WebSocketError(WSCloseCode.MESSAGE_TOO_BIG, text)
        self._left = 4 + size
        if first & CONTROL:
            return
        self._is_compressed |= bool(first & COMPRESSED)
        self._size += size
        if first & FINAL:
            self.compressed.append(self._size if self._is_compressed else 0)
            self._size, self._is_compressed = 0, False


class GuardedResponse(web.WebSocketResponse):
    """A WebSocket whose frames are checked as Bandit checks them.

    Args:
        max_frame_size: The most bytes of a frame.
        options: Arguments of `aiohttp.web.WebSocketResponse`.
    """

    def __init__(self, max_frame_size: int, **options: Any) -> None:
        # The guard limits frames; inflated messages are limited by their ratio.
        most = min(INFLATE_RATIO * max_frame_size, LARGEST)
        super().__init__(**options, max_msg_size=most)
        self._max_frame_size = max_frame_size
        self._guard: FrameGuard | None = None

    def _post_start(self, request: Any, protocol: str | None, writer: Any) -> None:
        early = request.protocol._message_tail  # noqa: SLF001 - sent with the handshake
        super()._post_start(request, protocol, writer)
        guard = FrameGuard(self._parser, self._reader, self._max_frame_size)
        guard.scan(early)
        request.protocol._payload_parser = self._guard = guard  # noqa: SLF001

    def is_bomb(self, data: str | bytes) -> bool:
        """Return True if the next message was inflated by too much."""
        assert self._guard is not None, "messages come after the handshake"
        size = self._guard.compressed.popleft()
        return bool(size) and len(data) > max(INFLATE_RATIO * size, CHUNK)
