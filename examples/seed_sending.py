"""Send messages, and handle each way they can end.

phoenix.js: ``channel.push(event, payload, timeout)``, with milliseconds there and
seconds here. What the server is asked for here (``echo``, ``delay``, ``fail``) is what
the reference app knows.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from rx_phoenix import PushRefused, PushTimeout, Socket
from rx_phoenix.testing import reference_app


def message_sent(response: Mapping[str, Any]) -> None:
    print("Message sent:", response["body"])


def send_failed(reasons: Any) -> None:
    print("Send failed:", reasons)


def upload_ready(response: Mapping[str, Any]) -> None:
    print("Upload URL received:", response["upload_url"])


def upload_timed_out(_: Any) -> None:
    print("Upload request timed out")


def profile_saved(profile: Mapping[str, Any]) -> None:
    print("Profile saved!", profile["name"])


def show_errors(response: Any) -> None:
    print("Validation errors:", response)


def show_warning(_: Any) -> None:
    print("Request timed out, please try again")


async def main() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        channel = socket.channel("room:lobby")
        channel.join()

        # Send a basic message. It waits for the join by itself.
        message = channel.push("echo", {"body": "Hello, world!", "user_id": 123})
        message.receive("ok", message_sent).receive("error", send_failed)
        await message.outcome

        # Send with a timeout: 10 seconds are plenty, a twentieth is not.
        upload = {"upload_url": "https://example.org/up", "size": 1_024_000, "ms": 200}
        for timeout in 10.0, 0.05:
            request = channel.push("delay", upload, timeout)
            request.receive("ok", upload_ready).receive("timeout", upload_timed_out)
            await request.outcome

        # Send and chain a handler for each status.
        profile = {"name": "John Doe", "email": "john@example.com"}
        for event in "echo", "fail":
            update = (
                channel.push(event, profile)
                .receive("ok", profile_saved)
                .receive("error", show_errors)
                .receive("timeout", show_warning)
            )
            await update.outcome

        # The same without callbacks: a push can be awaited.
        try:
            saved = await channel.push("echo", profile)
            print("Saved:", saved["name"])
            await channel.push("fail", profile)
        except PushTimeout:
            print("Request timed out, please try again")
        except PushRefused as error:
            print("Refused:", error.response)


if __name__ == "__main__":
    asyncio.run(main())
