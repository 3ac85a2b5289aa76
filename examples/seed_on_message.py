"""See every message of a channel, and change what its listeners get.

phoenix.js: ``channel.onMessage = (event, payload, ref) => …``, assigned or overridden.
"""

import asyncio
from typing import Any

from rx_phoenix import Channel, Socket
from rx_phoenix.testing import reference_app

CUSTOM = {"event": "custom_event", "payload": {"n": 1}}
"""What the server is asked to send."""


def process(event: str, payload: Any, ref: str | None) -> Any:
    # Log all messages; replies and the lifecycle's are among them.
    print(f"Message [{event}] with ref {ref}:", payload)

    # Custom processing logic.
    if event == "custom_event":
        return {"processed": True, "payload": payload}

    # Return the original payload for default processing.
    return payload


class CountingChannel(Channel):
    """The same by overriding, here for a channel that numbers what it hears."""

    seen = 0

    def on_message(self, event: str, payload: Any, ref: str | None) -> Any:
        if event != "custom_event" or ref is not None:
            return payload
        self.seen += 1
        return {"number": self.seen, **payload}


def heard(payload: Any) -> None:
    print("Heard:", payload)


async def main() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        # Assigned.
        channel = socket.channel("room:plain")
        channel.on_message = process
        channel.on("custom_event", heard)
        await channel.join()
        channel.push("push_me", CUSTOM)
        await channel.push("ok")

        # Overridden.
        counting = CountingChannel("room:counted", socket=socket)
        counting.on("custom_event", heard)
        await counting.join()
        counting.push("push_me", CUSTOM)
        counting.push("push_me", CUSTOM)
        await counting.push("ok")


if __name__ == "__main__":
    asyncio.run(main())
