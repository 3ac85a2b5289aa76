"""What the page may do, and which pages may read it."""

from collections.abc import Collection
from secrets import token_urlsafe
from urllib.parse import urlsplit

__all__ = ["NONCE", "Admission", "content_policy"]

NONCE = token_urlsafe(16)
"""The mark of the page's own inline scripts; no other script runs."""

ANY = "*"
"""The origin that stands for all."""


def content_policy(authority: str) -> str:
    """Return the Content-Security-Policy of the page.

    Bokeh compiles scripts at run time, and sets styles.

    Args:
        authority: Host and port of the page.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{NONCE}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            f"connect-src 'self' ws://{authority}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


class Admission:
    """Admission of requests by their headers Host and Origin.

    Args:
        port: The page's port on loopback.
        origins: The origins of other pages that may read it; ``*`` for all.

    Attributes:
        authorities: The accepted values of Host.
        origins: The accepted values of Origin.

    >>> admission = Admission(4000, ["https://app.example"])
    >>> admission.admits("localhost:4000", "http://localhost:4000")
    True
    >>> admission.admits("localhost:4000", "null")
    False
    >>> admission.admits("evil.example:4000", None)
    False
    """

    def __init__(self, port: int, origins: Collection[str] = ()) -> None:
        own = {f"{host}:{port}" for host in ("127.0.0.1", "localhost")}
        opened = {origin.rstrip("/").lower() for origin in origins}
        self._is_open = ANY in opened
        self.authorities = own | {urlsplit(origin).netloc for origin in opened}
        self.origins = {f"http://{authority}" for authority in own} | opened

    def admits(self, host: str, origin: str | None) -> bool:
        """Return True if a request may pass.

        Args:
            host: Its Host.
            origin: Its Origin; None if it has none.
        """
        if self._is_open:
            return True
        if host.lower() not in self.authorities:
            return False
        return origin is None or origin.lower() in self.origins
