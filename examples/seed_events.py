"""Hear the events of a channel, and stop hearing them.

phoenix.js: ``channel.on(event, callback)`` and ``channel.off(event, ref)``.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from rx_phoenix import Channel, Socket
from rx_phoenix.testing import reference_app

users: list[str] = []


def new_message(payload: Mapping[str, Any]) -> None:
    print("New message:", payload["body"])
    print("From user:", payload["user"])


async def user_joined(payload: Mapping[str, Any]) -> None:
    """Calls of an ``async def`` run one at a time, in the order of the events."""
    print("User joined:", payload["user"])
    await update_user_list(payload["user"])


async def update_user_list(user: str) -> None:
    await asyncio.sleep(0)
    users.append(user)
    print("Users:", users)


async def server_sends(channel: Channel, event: str, **payload: str) -> None:
    """Have the server send an event, and wait until all have received it."""
    channel.push("push_me", {"event": event, "payload": payload})
    await channel.push("ok")


async def main() -> None:
    users.clear()
    async with reference_app() as server, Socket(server.url) as socket:
        channel = socket.channel("room:lobby")
        message_handler = channel.on("new_message", new_message)
        channel.on("user_joined", user_joined)
        await channel.join()

        await server_sends(channel, "new_message", body="Hi!", user="jo")
        await server_sends(channel, "user_joined", user="kim")
        await server_sends(channel, "user_joined", user="lee")

        # Remove a specific handler.
        channel.off("new_message", message_handler)
        await server_sends(channel, "new_message", body="Hello?", user="jo")

        # Remove all handlers for an event.
        channel.off("user_joined")
        await server_sends(channel, "user_joined", user="max")
        print("The listener is gone")


if __name__ == "__main__":
    asyncio.run(main())
