"""Make channels: with static, dynamic and awaited params, with a socket or without.

phoenix.js: ``new Channel(topic, params, socket)``.
"""

import asyncio
from itertools import count

from rx_phoenix import Channel, Socket
from rx_phoenix.testing import reference_app

joins = count(1)


def current_user() -> dict[str, object]:
    """Asked at every join and rejoin, so that a token in it is never stale."""
    return {"token": f"token {next(joins)}"}


async def fetched_user() -> dict[str, object]:
    """The same, where the answer has to be awaited."""
    await asyncio.sleep(0)  # a request to the service that hands out tokens, say
    return {"token": "fetched"}


async def main() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        # Static parameters; the socket is set later.
        lobby = Channel("room:lobby", {"user_id": 123})
        lobby.socket = socket

        # Dynamic parameters, from a function and from a coroutine function.
        user = Channel("room:user:456", current_user, socket)
        guest = Channel("room:guest", fetched_user, socket)

        # What one writes most: the socket makes the channel, or finds it.
        chat = socket.channel("room:general", {"role": "member"})

        for channel in lobby, user, guest, chat:
            response = await channel.join()
            print(channel.topic, "was joined with", response["params"])

        await user.leave()
        response = await user.join()
        print(user.topic, "was joined again with", response["params"])


if __name__ == "__main__":
    asyncio.run(main())
