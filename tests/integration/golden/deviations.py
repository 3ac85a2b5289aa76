"""Where `PhoenixServer` differs from the server of the transcript, and why.

Besides these, aiohttp says other things in headers of no consequence: it names itself
and gives a text a type. The transcript keeps only the headers that matter.
"""

__all__ = ["AS_VALUES", "OTHERWISE", "SKIPPED", "SOONER"]

AS_VALUES = {
    "big integer and small float in JSON": (
        "Elixir writes 1.0e5 where Python writes 100000.0, which is the same number"
    ),
}
"""Sections whose JSON is compared by value."""

OTHERWISE = {
    # aiohttp does not tell the size of a window that has the default size.
    ("sec-websocket-extensions", "permessage-deflate;client_max_window_bits=15"),
}
"""Headers that have another value."""

SKIPPED = {
    "/socket: a text frame of 8.5 MB": (
        "the transcript is older than the limit of 10 MB, with websock_adapter 0.6"
    ),
    "the transport process gets the exit signal :boom": (
        "nothing happens there, and the event is not in the contract of the app"
    ),
}
"""Sections that are not replayed."""

SOONER = {
    "the server is stopped (System.stop): what its clients see": (
        "a poll that waits is answered at once, rather than at the end of its window:"
        " a test should not wait ten seconds for a server to stop"
    ),
    "connection refused after it": "the same poll",
}
"""Sections that take less time here."""
