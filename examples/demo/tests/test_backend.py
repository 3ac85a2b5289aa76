"""Where the demo plays."""

from rx_phoenix import Socket
from rx_phoenix_demo.backend import embedded_backend, external_backend


async def test_an_embedded_server_is_on_loopback_and_lets_us_in():
    async with embedded_backend() as backend, Socket(backend.url) as socket:
        await socket.channel(backend.topic).join()

    assert backend.url.startswith("ws://127.0.0.1:")


async def test_an_embedded_server_is_down_and_up_again_after_an_outage():
    async with embedded_backend() as backend:
        await backend.outage(0.0)

        async with Socket(backend.url) as socket:
            assert socket.state == "open"


async def test_a_borrowed_server_gives_each_demo_a_topic_of_its_own(server):
    async with (
        external_backend(server.url) as one,
        external_backend(server.url) as other,
    ):
        assert one.topic != other.topic


async def test_a_borrowed_server_outlives_the_outage(server):
    async with external_backend(server.url) as backend:
        await backend.outage(0.0)

        async with Socket(backend.url) as socket:
            assert socket.state == "open"


async def test_secrets_in_the_url_are_not_shown():
    async with external_backend(
        "wss://me:secret@example.org/socket?token=secret"
    ) as backend:
        assert backend.public_url == "wss://example.org/socket"
