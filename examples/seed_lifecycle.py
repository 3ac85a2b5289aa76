"""Join and leave, with an answer for every way it can end.

phoenix.js: ``channel.join(timeout)`` and ``channel.leave(timeout)``, whose times are
milliseconds there and seconds here.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from rx_phoenix import JoinRefused, Push, Socket
from rx_phoenix.testing import reference_app


def joined(response: Mapping[str, Any]) -> None:
    print("Joined successfully:", response["params"])


def refused(response: Any) -> None:
    print("Failed to join:", response)


def timed_out(_: Any) -> None:
    print("Join timed out")


def catch_up(response: Mapping[str, Any]) -> None:
    print("Catching up on messages:", response["params"]["messages"])


def left(_: Any) -> None:
    print("Left channel successfully")


async def report(join: Push) -> None:
    """Handle a join as in phoenix.js, and wait until something has come of it."""
    join.receive("ok", joined).receive("error", refused).receive("timeout", timed_out)
    await join.outcome


async def main() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        # Basic join: let in, turned away, and not answered in time.
        lobby = socket.channel("room:lobby", {"messages": ["hi", "hello"]})
        forbidden = socket.channel("room:forbidden")
        slow = socket.channel("room:slow", {"ms": 200})
        await report(lobby.join())
        await report(forbidden.join())
        await report(slow.join(0.05))

        # Leave. A channel that could not be joined would try again until then.
        for channel in lobby, forbidden, slow:
            await channel.leave().receive("ok", left)

        # Join with a timeout of its own (5 seconds).
        await lobby.join(5.0).receive("ok", catch_up)

        # The same without callbacks: a push can be awaited.
        try:
            await forbidden.join()
        except JoinRefused as error:
            print("Turned away:", error.response)


if __name__ == "__main__":
    asyncio.run(main())
