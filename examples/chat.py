"""Chat in a terminal: what you type goes to a room, what others type is shown.

Run it twice, each time with a name of its own::

    rx-phoenix serve
    python examples/chat.py jo

Empty input (Ctrl-D) ends it. Reading the terminal this way works on Unix.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from rx_phoenix import PushError, Socket, TransportError


async def typed_lines() -> AsyncIterator[str]:
    """What is typed, line by line, while the loop goes on."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    async for line in reader:
        yield line.decode().strip()


def show(message: Mapping[str, str]) -> None:
    print(f"{message['from']}: {message['body']}")


async def main(url: str, room: str, name: str) -> None:
    async with Socket(url) as socket:
        channel = socket.channel(f"room:{room}", {"name": name})
        channel.on("shout", show)
        channel.joins.subscribe(lambda _: print(f"You are in {room}."))
        await channel.join()
        async for line in typed_lines():
            try:
                await channel.push("shout_others", {"from": name, "body": line})
            except (PushError, TransportError) as error:
                print(f"Not delivered: {error}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Chat in a terminal.")
    parser.add_argument("name")
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")  # says so when the connection is lost
    with suppress(KeyboardInterrupt):
        asyncio.run(main(args.url, args.room, args.name))
