"""Bodies of HTTP answers, read as they come and no further than they are of use."""

import zlib
from asyncio import get_running_loop, timeout
from collections.abc import Callable
from contextlib import suppress

from aiohttp import ClientError, ClientResponse

from rx_phoenix._protocol.endpoint import Endpoint

__all__ = [
    "ENCODINGS",
    "REFUSAL_SIZE",
    "deadline_of",
    "decoded",
    "read_body",
    "refusal_body",
]

ENCODINGS = "gzip, deflate"
"""The encodings of bodies that are decoded here.

aiohttp would fail without the status of an answer if it knows the encoding and cannot
decode the body.
"""

REFUSAL_SIZE = 64 * 1024
"""Bytes read of the body of a refusal, and kept of it once it is decoded."""

REFUSAL_TIMEOUT = 2.0
"""Seconds that the body of a refusal may take."""

RESULT_SHARE = 0.9
"""The part of an attempt's time after which its result has to be reported."""

SLICE = 1024
"""Bytes decoded at a time, so that what precedes an invalid part is kept."""


def deadline_of(endpoint: Endpoint) -> float | None:
    """Return the loop's time by which an attempt, which begins, must have a result."""
    if endpoint.timeout is None:
        return None
    return get_running_loop().time() + endpoint.timeout * RESULT_SHARE


async def read_body(
    response: ClientResponse, limit: int, note: Callable[[int], None]
) -> bytes | None:
    """Return the body of an answer, decoded; None if it has more bytes than the limit.

    Args:
        response: The answer.
        limit: The most bytes, before and after decoding.
        note: Called with the bytes so far, whenever some arrive.

    Raises:
        ClientError: The body was cut, or violates the protocol.
    """
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        note(len(body))
        if len(body) > limit:
            return None
    text = decoded(bytes(body), _encoding(response), limit + 1)
    return None if len(text) > limit else text


async def refusal_body(response: ClientResponse, deadline: float | None) -> bytes:
    """Return the body of a refusal, decoded, as much as comes of it in time.

    Args:
        response: The refusal.
        deadline: The loop's time until which it may take, at most 2 s from now.
    """
    body = bytearray()
    with suppress(ClientError, OSError):  # a TimeoutError is an OSError
        async with timeout(REFUSAL_TIMEOUT) as limit:
            if deadline is not None:
                limit.reschedule(min(deadline, limit.when() or deadline))
            async for piece in response.content.iter_any():
                body += piece
                if len(body) >= REFUSAL_SIZE:
                    break
    return decoded(bytes(body[:REFUSAL_SIZE]), _encoding(response), REFUSAL_SIZE)


def decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the first bytes of a body, decoded as far as it is valid.

    A body that cannot be decoded at all is returned as it came.

    >>> decoded(zlib.compress(b"no"), "deflate", 100)
    b'no'
    >>> decoded(b"no", "gzip", 100)
    b'no'
    """
    if encoding in {"gzip", "x-gzip"}:
        bits = zlib.MAX_WBITS | 16
    elif encoding == "deflate":
        # Some servers leave out the header of zlib.
        has_header = body[:1] and body[0] & 0x0F == zlib.DEFLATED
        bits = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
    else:
        return body[:limit]
    decompressor, text = zlib.decompressobj(bits), bytearray()
    try:
        for start in range(0, len(body), SLICE):
            piece = body[start : start + SLICE]
            text += decompressor.decompress(piece, limit - len(text))
            if len(text) >= limit:
                break
    except zlib.error:
        return bytes(text) or body[:limit]
    return bytes(text)


def _encoding(response: ClientResponse) -> str:
    return response.headers.get("Content-Encoding", "").strip().lower()
