"""Start a server for a first look: each second it inserts a row and broadcasts."""

import asyncio
from collections.abc import Mapping
from itertools import count

from rx_phoenix.testing.supabase import SupabaseServer, Table

MESSAGES = Table("messages", {"id": "int8", "body": "text"})


def admit(claims: Mapping[str, object], name: str) -> bool:  # noqa: ARG001
    """Admit every client to private channels, too."""
    return True


async def serve(port: int = 54321, every: float = 1.0) -> None:
    """Serve until cancelled.

    Args:
        port: The port; 0 for a free one.
        every: Seconds between two rows.
    """
    async with SupabaseServer([MESSAGES], may=admit, port=port) as server:
        print(f"Serving {server.url} with the API key {server.api_key}", flush=True)  # noqa: T201
        for number in count(1):
            await asyncio.sleep(every)
            server.insert("messages", {"id": number, "body": f"message {number}"})
            server.send("room", "tick", {"n": number})


if __name__ == "__main__":
    asyncio.run(serve())
