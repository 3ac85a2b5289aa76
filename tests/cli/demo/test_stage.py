"""Where the demo plays."""

from rx_phoenix import Socket
from rx_phoenix._cli.demo.stage import borrowed, embedded


async def test_an_embedded_server_is_on_loopback_and_lets_us_in():
    async with embedded() as stage, Socket(stage.url) as socket:
        await socket.channel(stage.topic).join()

    assert stage.url.startswith("ws://127.0.0.1:")


async def test_an_embedded_server_is_down_and_up_again_after_an_outage():
    async with embedded() as stage:
        await stage.outage(0.0)

        async with Socket(stage.url) as socket:
            assert socket.state == "open"


async def test_a_borrowed_server_gives_each_demo_a_topic_of_its_own(server):
    async with borrowed(server.url) as one, borrowed(server.url) as other:
        assert one.topic != other.topic


async def test_a_borrowed_server_outlives_the_outage(server):
    async with borrowed(server.url) as stage:
        await stage.outage(0.0)

        async with Socket(stage.url) as socket:
            assert socket.state == "open"


async def test_secrets_in_the_url_are_not_shown():
    async with borrowed("wss://me:secret@example.org/socket?token=secret") as stage:
        assert stage.public_url == "wss://example.org/socket"
