"""Be told when a channel closes or fails, rejoin by hand, and stop being told.

phoenix.js: ``channel.onClose(callback)`` and ``channel.onError(callback)``. There is
no need to rejoin by hand: a channel that was joined does it by itself. It does no harm
either, for while a channel joins, `Channel.join` returns the push that is under way.
"""

import asyncio
from typing import Any

from rx_phoenix import Socket
from rx_phoenix.testing import reference_app


async def main() -> None:
    has_closed, has_rejoined = asyncio.Event(), asyncio.Event()

    async with reference_app() as server, Socket(server.url) as socket:
        channel = socket.channel("room:lobby")

        def closed(payload: Any, ref: str | None, join_ref: str | None) -> None:
            print("Channel closed:", payload)
            print("Close ref:", ref)
            print("Join ref:", join_ref)
            # Clean up, or send the user elsewhere.
            print("Connection to room lost")
            has_closed.set()

        async def errored(reason: Any) -> None:
            print("Channel error:", reason)
            # Attempt to rejoin after an error.
            await asyncio.sleep(0.05)
            try:
                await channel.join()
            except Exception as error:  # noqa: BLE001 - whatever it was
                print("Failed to rejoin channel:", error)
            else:
                print("Joined again")
                has_rejoined.set()

        close_handler = channel.on_close(closed)
        error_handler = channel.on_error(errored)

        await channel.join()
        channel.push("exit")  # its process on the server crashes
        await has_rejoined.wait()
        channel.push("stop")  # its process on the server ends in peace
        await has_closed.wait()

        # Remove lifecycle handlers when done.
        channel.off("phx_close", close_handler)
        channel.off("phx_error", error_handler)
        await channel.join()
        await channel.leave()
        print("Left, without a callback")


if __name__ == "__main__":
    asyncio.run(main())
