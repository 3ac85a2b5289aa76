"""Probes of a port: the protocol that a server speaks there."""

import asyncio
import ssl

__all__ = ["speaks_http", "speaks_tls"]


async def speaks_http(host: str, port: int, within: float = 3.0) -> bool:
    """Return True if a server answers HTTP without TLS.

    Args:
        host: Its name or address.
        port: The port.
        within: Seconds to wait for an answer.
    """
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                return await reader.readexactly(5) == b"HTTP/"
            finally:
                writer.close()
    except (OSError, asyncio.IncompleteReadError):
        return False


async def speaks_tls(host: str, port: int, within: float = 3.0) -> bool:
    """Return True if a server completes a TLS handshake, with any certificate.

    Args:
        host: Its name or address.
        port: The port.
        within: Seconds to wait for an answer.
    """
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(within):
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
    except OSError:
        return False
    writer.close()
    return True
