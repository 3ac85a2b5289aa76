"""Who is online: people come, go, and are told apart from reconnects.

Run it in two terminals, each time with a name of its own::

    rx-phoenix serve
    python examples/who_is_online.py jo

A user with two tabs counts once. After an outage, of the server too, only those are
told who really came or went meanwhile. Ctrl-C ends it.
"""

import argparse
import asyncio
import logging
from contextlib import suppress

from rx_phoenix import Joined, Left, Presence, Socket, Updated
from rx_phoenix.operators import for_each


def describe(change: Joined | Left | Updated) -> str | None:
    """A change in words; None if nothing changed, as for a second tab."""
    match change:
        case Joined(key, is_first=True):
            return f"+ {key}"
        case Left(key, is_last=True):
            return f"- {key}"
        case _:
            return None


async def main(url: str, topic: str, name: str) -> None:
    # The server knows people by the user_id of their socket.
    async with Socket(url, params={"user_id": name}) as socket:
        channel = socket.channel(topic, {"name": name})
        presence = Presence(channel)

        def tell(change: Joined | Left | Updated) -> None:
            news = describe(change)
            if news is not None:
                print(f"{news}   online: {', '.join(sorted(presence.state))}")

        told = for_each(presence.changes, tell)
        channel.join()
        await told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Who is online?")
    parser.add_argument("name")
    parser.add_argument("--topic", default="presence:lobby")
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")  # says so when the connection is lost
    with suppress(KeyboardInterrupt):
        asyncio.run(main(args.url, args.topic, args.name))
