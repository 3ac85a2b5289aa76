"""The last push before a close is handled, although the client is gone."""

from rx_phoenix import Socket
from rx_phoenix.operators import first_value
from rx_phoenix.testing import reference_app


async def test_a_push_before_the_close_is_handled():
    async with reference_app() as server, Socket(server.url) as listener:
        heard = listener.channel("room:last").events("shout")
        await listener.channel("room:last").join()
        for number in range(30):
            word = first_value(heard, timeout=2)
            async with Socket(server.url) as speaker:
                channel = speaker.channel("room:last")
                await channel.join()
                channel.push("shout", {"n": number})
            assert await word == {"n": number}
