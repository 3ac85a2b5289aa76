"""A client's process: it runs the cases that it is told, one at a time.

In: a case and a URL in a line of JSON. Out: the seconds that it took, or why it
could not.
"""

import asyncio
import gc
import importlib
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter, process_time
from typing import Any

import msgspec

from benchmarks.cases import Case
from benchmarks.client import Client, Unsupported
from benchmarks.server import Order

__all__ = ["serve"]

PATIENCE = 30.0
"""Seconds for a case, until the client counts as stuck."""


class Countdown:
    """Calls off the wait when all has been handled."""

    def __init__(self) -> None:
        self.left = 0
        self.finished = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def start(self, count: int) -> None:
        """Expect so many."""
        self.left = count
        self.finished.clear()

    def handle(self, _: object = None) -> None:
        """One was handled."""
        self.left -= 1
        if not self.left:
            # Some clients call from a thread of their own.
            self._loop.call_soon_threadsafe(self.finished.set)


async def receive(client: Client, case: Case) -> Callable[[], Awaitable[None]]:
    """Events, from the asking to the last handler."""
    topics = [f"bench:{number}" for number in range(case.topics)]
    await client.open()
    await client.join(topics)
    countdown = Countdown()
    # One text for all topics, as a literal in a program is.
    names = [f"tick{number}" for number in range(case.events)]
    for topic in topics:
        for name in names:
            for _ in range(case.listeners):
                client.listen(topic, name, countdown.handle, case.handling)
    order = Order(
        count=case.count,
        topics=case.topics,
        events=case.events,
        kind="binary" if case.handling == "binary" else "json",
    )

    async def run() -> None:
        countdown.start(case.count * case.listeners)
        client.ask(topics[0], order)
        await countdown.finished.wait()

    return run


async def push(client: Client, case: Case) -> Callable[[], Awaitable[None]]:
    """Pushes, from the first to the last answer."""
    await client.open()
    await client.join(["bench:0"])
    return lambda: client.push("bench:0", case.count, case.in_flight)


async def exchange(client: Client, case: Case) -> Callable[[], Awaitable[None]]:
    """Pushes one after another, to the last event behind an answer."""
    await client.open()
    await client.join(["bench:0"])
    countdown = Countdown()
    client.listen("bench:0", "tick0", countdown.handle, "plain")

    async def run() -> None:
        countdown.start(case.count)
        is_awaited = case.handling == "awaited"
        await client.exchange("bench:0", case.count, is_awaited=is_awaited)
        await countdown.finished.wait()

    return run


async def presence(client: Client, case: Case) -> Callable[[], Awaitable[None]]:
    """A presence, from the asking to the last change."""
    countdown = Countdown()
    await client.open()
    client.watch_presence("bench:0", countdown.handle)
    await client.join(["bench:0"])
    order = Order(count=case.count, kind="presence", users=10_000)

    async def run() -> None:
        countdown.start(case.count + 1)
        client.ask("bench:0", order)
        await countdown.finished.wait()

    return run


async def join(client: Client, case: Case) -> Callable[[], Awaitable[None]]:
    """Joins, from the first to the last answer; once a connection."""
    await client.open()
    return lambda: client.join([f"bench:{number}" for number in range(case.count)])


async def first(client: Client, case: Case) -> Callable[[], Awaitable[None]]:
    """From nothing to the first event; once a connection."""
    prepared = Case(name=case.name, what=case.what, count=1)

    async def run() -> None:
        await (await receive(client, prepared))()

    return run


KINDS = {
    "exchange": exchange,
    "first": first,
    "join": join,
    "presence": presence,
    "push": push,
    "receive": receive,
}
REPEATABLE = {"exchange", "push", "receive"}


async def measure(
    kind: type[Client], url: str, case: Case, repeats: int
) -> dict[str, float]:
    """What a case takes: the least of some runs after a first one.

    Returns:
        ``wall`` and ``processor``, in seconds.
    """
    client = kind(url)
    wall: list[float] = []
    processor: list[float] = []
    first = case.kind in REPEATABLE
    try:
        async with asyncio.timeout(PATIENCE):
            run = await KINDS[case.kind](client, case)
            for _ in range(first + repeats if first else 1):
                gc.collect()
                began, computed = perf_counter(), process_time()
                await run()
                processor.append(process_time() - computed)
                wall.append(perf_counter() - began)
    finally:
        await client.close()
    return {"wall": min(wall[first:]), "processor": min(processor[first:])}


class Command(msgspec.Struct):
    """A line of the input."""

    case: Case
    url: str
    repeats: int


async def serve(kind: type[Client]) -> None:
    """Run cases until the input ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = msgspec.json.decode(line, type=Command)
        try:
            answer: dict[str, Any] = await measure(
                kind, command.url, command.case, command.repeats
            )
        except Unsupported:
            answer = {"error": "unsupported"}
        except Exception as error:  # noqa: BLE001 - a peer's: told, and shown
            answer = {"error": repr(error)}
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    module, name, loop = sys.argv[1:]
    adapter = getattr(importlib.import_module(f"benchmarks.clients.{module}"), name)
    # Either has a function of this name.
    importlib.import_module(loop).run(serve(adapter))
