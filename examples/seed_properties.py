"""Ask a channel for its topic and its state.

phoenix.js: ``channel.topic`` and ``channel.state``.
"""

import asyncio

from rx_phoenix import Channel, ChannelState, Socket
from rx_phoenix.testing import reference_app


async def greet(channel: Channel) -> None:
    # Check if the channel is ready for messages; `channel.state == "joined"` holds too.
    if channel.state is ChannelState.JOINED:
        print("The server heard:", await channel.push("echo", {"body": "Hello!"}))
    else:
        print("Not ready for messages: the channel is", channel.state)


async def main() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        channel = socket.channel("room:lobby")
        print("Channel topic:", channel.topic)

        print("Channel state:", channel.state)
        await greet(channel)

        joining = channel.join()
        print("Channel state:", channel.state)
        await joining
        print("Channel state:", channel.state)
        await greet(channel)

        leaving = channel.leave()
        print("Channel state:", channel.state)
        await leaving
        print("Channel state:", channel.state)


if __name__ == "__main__":
    asyncio.run(main())
