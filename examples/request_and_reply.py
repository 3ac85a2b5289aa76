"""Request and reply: one question, several at once, a refusal, silence, and a retry.

::

    rx-phoenix serve
    python examples/request_and_reply.py
"""

import argparse
import asyncio
import logging
from contextlib import suppress

from rx_phoenix import Backoff, Channel, PushRefused, PushTimeout, Socket
from rx_phoenix.operators import Retry, retry_with_backoff


async def ask(channel: Channel) -> None:
    """A push is awaited like any coroutine, and returns the reply's response."""
    print("Answer:", await channel.push("echo", {"what": "is 6 * 7"}))

    # Each has its reply, however they overlap.
    questions = [channel.push("delay", {"ms": ms}) for ms in (30, 20, 10)]
    answers = await asyncio.gather(*questions)
    print("In order:", [answer["ms"] for answer in answers])


async def ask_in_vain(channel: Channel) -> None:
    """What is no ``ok`` is an exception, and never takes longer than its deadline."""
    try:
        await channel.push("fail")
    except PushRefused as refusal:
        print("Refused:", refusal.status, refusal.response)
    try:
        await channel.push("noreply", timeout=0.1)
    except PushTimeout as silence:
        print("Silence:", silence)


async def ask_again(channel: Channel) -> None:
    """A request is sent at each subscription, so that it can be retried."""

    def announce(retry: Retry) -> None:
        print(f"Attempt {retry.attempt + 1} in {retry.delay:g} s")

    delays = Backoff(first=0.05, jitter=0)
    request = channel.request("custom_status", {"status": "busy"})
    patient = request.pipe(
        retry_with_backoff(delays, attempts=3, on_retry=announce),
    )
    try:
        await patient
    except PushRefused as refusal:
        print("Still", refusal.status)


async def main(url: str) -> None:
    async with Socket(url) as socket:
        channel = socket.channel("room:questions")
        await channel.join()
        await ask(channel)
        await ask_in_vain(channel)
        await ask_again(channel)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Request and reply.")
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    logging.basicConfig(format="%(message)s")  # says so when there is no server
    with suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args().url))
