"""The options that go to aiohttp: checked before the first attempt."""

from ssl import SSLContext
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from rx_phoenix._protocol.checks import check, check_instance, check_methods, is_whole
from rx_phoenix._protocol.redaction import failure_of, secrets_of
from rx_phoenix.errors import TransportError, UsageError

__all__ = [
    "check_http_options",
    "check_size",
    "check_usable",
    "proxy_for",
    "without_password",
]


def check_http_options(
    *, session: object, ssl: object, proxy: object, trust_env: object
) -> None:
    """Check the options that every transport over HTTP takes.

    Raises:
        UsageError: One of them cannot be used.
    """
    if session is not None:
        takes = "an aiohttp.ClientSession or None"
        check_methods("session", session, "get request", takes)
        check_usable(session)
    is_ssl = ssl is None or isinstance(ssl, bool | SSLContext)
    # A Fingerprint, which only what needs aiohttp may import.
    is_ssl = is_ssl or (hasattr(ssl, "fingerprint") and not isinstance(ssl, type))
    check(is_ssl, "ssl", "True, False, an SSLContext or a Fingerprint", repr(ssl))
    if proxy is not None:
        _check_proxy("proxy", proxy)
    check_instance("trust_env", trust_env, bool, "True or False")


def check_usable(session: object) -> None:
    """Check that a session can make requests.

    Raises:
        UsageError: It is closed.
    """
    if getattr(session, "closed", False) is True:
        raise UsageError(
            "session must be open, got a closed ClientSession: close it after the "
            "socket, or leave it out"
        )


def check_size(name: str, size: object) -> None:
    """Check a limit in bytes.

    Raises:
        UsageError: It is not a positive int.
    """
    is_size = is_whole(size) and size > 0
    check(is_size, name, "a positive number of bytes", repr(size))


def _check_proxy(name: str, proxy: object) -> None:
    takes = "the URL of an HTTP proxy, such as 'http://proxy:3128', or None"
    is_text = isinstance(proxy, str | URL)
    check(is_text, name, takes, f"a value of type {type(proxy).__name__}")
    try:
        parts = urlsplit(str(proxy))
        is_url = bool(parts.hostname and parts.port != 0)
    except ValueError:  # its message may repeat a password
        parts, is_url = None, False
    scheme = parts.scheme if parts is not None and is_url else ""
    if scheme.startswith("socks"):
        raise UsageError(
            f"{name} must be {takes}, got a URL of {scheme}: SOCKS is not supported, "
            "HTTP proxies are"
        )
    got = f"a URL of {scheme}" if scheme else "text that is not a full URL"
    check(scheme in {"http", "https"}, name, takes, got)


def proxy_for(
    url: URL, proxy: str | None, session: object | None, *, trust_env: bool
) -> str | None:
    """Return the proxy of an attempt: the user's, or else the environment's if trusted.

    A session of the user's has settings of its own.

    Raises:
        UsageError: The environment's is not one of HTTP.
    """
    if proxy is None and trust_env and session is None:
        return _proxy_of_environment(url)
    return proxy


def _proxy_of_environment(url: URL) -> str | None:
    """Return the HTTP proxy that the environment has for a URL.

    aiohttp's ``trust_env`` would also send the passwords of ``~/.netrc``. It looks for
    a proxy of the URL's own scheme alone, and few have one for ws. As for curl, one
    without a scheme is an HTTP proxy.
    """
    if url.host is None or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    for scheme in url.scheme, url.scheme.replace("ws", "http"):
        proxy = proxies.get(scheme, "")
        if proxy:
            proxy = proxy if "://" in proxy else f"http://{proxy}"
            _check_proxy(f"{scheme}_proxy of the environment", proxy)
            return proxy
    return None


def without_password(error: TransportError, proxy: str | None) -> TransportError:
    """Return the same error without the user and the password of a proxy."""
    if proxy is None:
        return error
    return failure_of(error, str(proxy), secrets_of(str(proxy), ()))
