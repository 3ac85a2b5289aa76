"""Advice on the HTTP statuses that refuse a connection."""

__all__ = ["advice_on", "hint_on"]

OFTEN = "often it is /socket, without /websocket"

ADVICE = {
    401: "The server refused the credentials: check the token.",
    403: "The server refused: check the token, params, Origin and vsn.",
    404: f"No socket is at this path: {OFTEN}.",
    426: "The server requires another HTTP version: look for a proxy in between.",
    429: "The server limits connections: wait a while.",
    500: "The server failed: check its log.",
    502: "A proxy does not reach the server behind it.",
    503: "The server is overloaded or starting: wait a while.",
}


def advice_on(status: int | None) -> str:
    """Return a sentence on what to try after a refused handshake, or nothing.

    >>> advice_on(401)
    'The server refused the credentials: check the token.'
    >>> advice_on(418)
    ''
    """
    return ADVICE.get(status or 0, "")


def hint_on(status: int | None) -> str:
    """Return the advice that is part of a refusal's message, or nothing.

    >>> hint_on(404)
    ': often it is /socket, without /websocket'
    >>> hint_on(503)
    ''
    """
    return f": {OFTEN}" if status == 404 else ""  # noqa: PLR2004
