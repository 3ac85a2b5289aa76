"""The kernel's buffer of a connection, which hides from us what the network takes."""

import socket

__all__ = ["limit_unsent", "make_socket"]

UNSENT = 256 * 1024
"""Bytes that the kernel takes ahead of the network."""

AddressInfo = tuple[int, int, int, str, tuple[object, ...]]
"""An entry of `socket.getaddrinfo`."""


def limit_unsent(connection: socket.socket) -> None:
    """Have the kernel take little ahead of the network, where it can be asked to.

    By default it takes up to 4 MB at once, and then nothing for as long as a slow link
    needs for much of that.
    """
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    is_tcp = connection.family in {socket.AF_INET, socket.AF_INET6}
    if option is not None and is_tcp:
        connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT)


def make_socket(address: AddressInfo) -> socket.socket:
    """Return a socket for an address, limited so: a factory for aiohttp."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    limit_unsent(made)
    return made
