from rx_phoenix.testing._server.socket import ConnectRefused, SocketOptions
from tests.testing.server.fakes import server_socket


def test_a_refusal_is_an_empty_403_by_default():
    refusal = ConnectRefused()

    assert (refusal.status, refusal.body, dict(refusal.headers)) == (403, "", {})


def test_the_defaults_are_those_of_phoenix():
    options = SocketOptions()

    assert options.connect(server_socket()) is None
    assert options.versions == (1, 2)
    assert options.idle_timeout == 60.0
    assert options.max_frame_size == 10_000_000
    assert options.max_channels == 100
    assert options.poll_window == 10.0


def test_sockets_are_compared_by_identity():
    assert server_socket() != server_socket()
    assert server_socket().assigns is not server_socket().assigns
