"""Plain HTTP responses with Phoenix's headers."""

import gzip
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

__all__ = ["PRIVATE", "crashed", "json", "text"]

PRIVATE = "max-age=0, private, must-revalidate"
"""The default Cache-Control."""

_encode = msgspec.json.Encoder(order="sorted").encode


def text(
    status: int, body: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    """Make a response of text.

    Args:
        status: The HTTP status.
        body: The text.
        headers: Further headers.
    """
    known = {"Cache-Control": PRIVATE, "Vary": "accept-encoding"}
    return web.Response(status=status, text=body, headers={**known, **(headers or {})})


def json(
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    is_zipped: bool = False,
) -> web.Response:
    """Make a response of JSON, its keys sorted.

    Args:
        value: What to encode.
        status: The HTTP status.
        headers: Further headers.
        is_zipped: True to gzip the body.
    """
    known = {
        "Cache-Control": PRIVATE,
        "Content-Type": "application/json; charset=utf-8",
        "Vary": "accept-encoding",
    }
    body = _encode(value)
    if is_zipped:
        body = gzip.compress(body)
        known["Content-Encoding"] = "gzip"
    return web.Response(status=status, body=body, headers={**known, **(headers or {})})


def crashed(headers: Mapping[str, str] | None = None) -> web.Response:
    """Make the response to a request whose handling raised."""
    return json({"error": "Internal Server Error"}, 500, headers)
