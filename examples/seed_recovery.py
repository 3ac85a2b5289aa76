"""Rejoin after errors with exponential backoff: five attempts, reset on success.

phoenix.js's documentation builds this from a callback and a counter. That way works
here as well, and so does the same as one expression. A channel that was joined with
`Channel.join` also rejoins by itself, by the socket's `Rejoin` policy.
"""

import asyncio
from typing import Any

from reactivex import Observable

from rx_phoenix import Backoff, Channel, Reconnect, Socket
from rx_phoenix.operators import Retry, first_value, retry_with_backoff
from rx_phoenix.testing import reference_app

# Seconds would be usual; an example should not take that long.
FIRST = 0.01
HASTY = Reconnect(delays=Backoff(0.001, factor=1.0))


def set_up_auto_rejoin(channel: Channel, first: float = 1.0) -> asyncio.Event:
    """As in phoenix.js; the event that it returns is set when no attempt is left."""
    rejoin_attempts = 0
    max_attempts = 5
    gave_up = asyncio.Event()

    def start_over(_: object) -> None:
        nonlocal rejoin_attempts
        rejoin_attempts = 0  # reset on success

    async def rejoin(_: object) -> None:
        nonlocal rejoin_attempts
        if rejoin_attempts < max_attempts:
            delay = 2**rejoin_attempts * first  # exponential backoff
            rejoin_attempts += 1
            print(f"Rejoining in {delay:g} s (attempt {rejoin_attempts})")
            await asyncio.sleep(delay)
            channel.join().receive("ok", start_over)
        else:
            print("Max rejoin attempts exceeded")
            gave_up.set()

    channel.on_error(rejoin)
    return gave_up


def rejoined(channel: Channel, first: float = 1.0) -> Observable[Any]:
    """As one expression: a session is one attempt, and six in a row five retries."""
    return channel.session.pipe(
        retry_with_backoff(Backoff(first), attempts=6, on_retry=announce)
    )


def announce(retry: Retry) -> None:
    print(f"Rejoining in {retry.delay:g} s (attempt {retry.attempt})")


async def crash(channel: Channel) -> None:
    """Crash the channel's process on the server, and wait until it is joined again."""
    joined_again = first_value(channel.joins, timeout=5.0)
    channel.push("exit")
    await joined_again


async def by_callback() -> None:
    async with (
        reference_app() as server,
        Socket(server.url, reconnect=HASTY) as socket,
    ):
        channel = socket.channel("room:lobby")
        gave_up = set_up_auto_rejoin(channel, FIRST)
        await channel.join()
        await crash(channel)
        print("Joined again")
        await server.stop()
        await gave_up.wait()


async def by_expression() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        has_joined, gave_up = asyncio.Event(), asyncio.Event()

        def joined(response: Any) -> None:
            print("Joined:", response)
            has_joined.set()

        def ended(error: Exception) -> None:
            print("Max rejoin attempts exceeded:", type(error).__name__)
            gave_up.set()

        # This one lets us in at the third attempt.
        flaky = socket.channel("room:flaky", {"fail": 2})
        rejoined(flaky, FIRST).subscribe(joined, ended)
        await has_joined.wait()
        await crash(flaky)

        # This one never does.
        forbidden = socket.channel("room:forbidden")
        rejoined(forbidden, FIRST).subscribe(joined, ended)
        await gave_up.wait()


async def main() -> None:
    print("With a callback and a counter:")
    await by_callback()
    print("With one expression:")
    await by_expression()


if __name__ == "__main__":
    asyncio.run(main())
