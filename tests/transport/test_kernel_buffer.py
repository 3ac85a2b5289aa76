"""The kernel's buffer: it takes little ahead of the network."""

import socket

import pytest

from rx_phoenix._transport.kernel_buffer import limit_unsent, make_socket

OPTION = getattr(socket, "TCP_NOTSENT_LOWAT", None)

where_it_can = pytest.mark.skipif(OPTION is None, reason="not of this system")


@where_it_can
def test_a_socket_is_made_with_a_limit():
    with make_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ())) as made:
        assert made.getsockopt(socket.IPPROTO_TCP, OPTION) == 256 * 1024


def test_a_system_that_has_no_limit_is_not_asked(monkeypatch):
    monkeypatch.delattr(socket, "TCP_NOTSENT_LOWAT", raising=False)
    with socket.socket() as made:
        limit_unsent(made)


def test_a_connection_without_tcp_has_none():
    left, right = socket.socketpair()
    with left, right:
        limit_unsent(left)
