"""Changes of a table, broadcasts and presence of Supabase Realtime.

::

    python -m rx_phoenix.testing.supabase
    python examples/supabase_changes.py --name jo

With an account: ``--url https://PROJECT.supabase.co --key sb_publishable_…``
"""

import argparse
import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from rx_phoenix.operators import values
from rx_phoenix.supabase import Change, Realtime


@dataclass
class Message:
    id: int
    body: str


def show(change: Change[Message]) -> None:
    print(change.type, change.record or change.old_record)


async def main(url: str, key: str, name: str) -> None:
    async with Realtime(url, key) as realtime:
        room = realtime.channel("room", presence_key=name)
        room.presence.on_join(lambda key, *_: print(key, "is here"))
        room.statuses.subscribe(lambda status: print("The channel is", status))
        room.changes(table="messages", as_type=Message).subscribe(show)
        async with values(room.broadcasts("tick")) as ticks:
            await room.subscribed()
            await room.presence.track({"mood": "fine"})
            async for tick in ticks:
                print("Tick", tick["n"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Changes of a table.")
    parser.add_argument("--url", default="http://127.0.0.1:54321")
    parser.add_argument("--key", default="the-api-key")
    parser.add_argument("--name", default="jo")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")  # says so when there is no server
    with suppress(KeyboardInterrupt):
        asyncio.run(main(args.url, args.key, args.name))
