"""Load a client, keep it busy, and see that nothing grows or gets lost.

1,000 sockets; 10,000 channels on one socket; 1,000,000 messages; for a third of the
time a consumer that takes a millisecond for each event, 1,000,000 of them in an hour;
then sockets that come and go, consumers that are slow, and a server that restarts.
It ends with 1 if anything grew, or was lost without a word.
"""

import argparse
import asyncio
import logging
import sys
from pathlib import Path
from time import monotonic

import msgspec

from benchmarks.soak.churn import ROUND, Churn
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.limits import sockets_within
from benchmarks.soak.load import (
    CHANNELS,
    MESSAGES,
    SLOW,
    SOCKETS,
    ask,
    consume_slowly,
    many_channels,
    many_sockets,
)
from benchmarks.soak.remote import Remote, serving
from benchmarks.soak.result import Growth, Result
from benchmarks.soak.vitals import LIMITS, LIMITS_OF_SERVER, Vitals, settled

WARM = 2
"""Rounds after which everything that is kept for good is there."""

LEAST = 1
"""Rounds that are made after those, however little time there is."""


def main() -> None:
    """Do what the arguments say."""
    options = arguments()
    sockets = sockets_within(options.sockets)
    if sockets < options.sockets:
        say(
            f"The system lets a process have {sockets:,} sockets, not "
            f"{options.sockets:,}. To raise that: `ulimit -Hn 65536` as root, or "
            "LimitNOFILE, or /etc/security/limits.conf."
        )
    logging.disable()  # what matters is counted
    result = asyncio.run(soak(options, sockets))
    print(result.report())
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    sys.exit(1 if result.breaches else 0)


async def soak(options: argparse.Namespace, sockets: int) -> Result:
    """The whole run."""
    began, result = monotonic(), Result()
    async with serving() as remote:
        await load(remote, options, sockets, result)
        until = began + options.seconds
        await churn(remote, options.seed, until, result)
    result.seconds = monotonic() - began
    return result


async def load(
    remote: Remote, options: argparse.Namespace, sockets: int, result: Result
) -> None:
    """Many sockets, then many channels on one socket; half the messages over each."""
    before, ledger, share = await quiet(), result.ledger, options.messages // 2
    for name, many, count in (
        ("sockets", many_sockets, sockets),
        ("channels on one socket", many_channels, options.channels),
    ):
        began = monotonic()
        async with many(remote.url, count, ledger) as listeners:
            say(f"{count:,} {name} after {monotonic() - began:.1f} s")
            result.load[name] = count
            began = monotonic()
            tell = Progress(share)
            await ask(listeners, share, tell)
            rate = share / (monotonic() - began)
            result.load[f"messages a second over the {name}"] = rate
            say(f"while they are open: {Vitals.taken()}")
        check_empty(before, await quiet(before), ledger, name)
        del listeners
    slow = round(options.seconds * SLOW)
    await consume_slowly(remote.url, slow, ledger, Progress(slow))
    say(f"after {slow:,} events for a slow consumer: {Vitals.taken()}")
    check_empty(before, await quiet(before), ledger, "slow consumer")


async def churn(remote: Remote, seed: int, until: float, result: Result) -> None:
    """Rounds until the time is up; the first ones warm up."""
    churn = Churn(remote, result.ledger, seed)
    for _ in range(WARM):
        await churn.round()
    client, server = await quiet(), await remote.vitals()
    result.growth = [
        Growth("client", client, client, LIMITS),
        Growth("server", server, server, LIMITS_OF_SERVER),
    ]
    told = 0
    while result.rounds < LEAST or monotonic() + ROUND < until:
        await churn.round()
        result.rounds += 1
        for growth, now in zip(
            result.growth, (await quiet(client), await remote.vitals()), strict=True
        ):
            growth.last = now
        say(
            f"{max(until - monotonic(), 0):5.0f} s left, "
            f"{result.ledger.happened['sockets opened']:,} sockets so far, "
            f"quiet: {result.growth[0].last}"
        )
        for breach in result.ledger.breaches[told:]:
            say(f"BREACH: {breach}")
        told = len(result.ledger.breaches)


def check_empty(before: Vitals, now: Vitals, ledger: Ledger, what: str) -> None:
    """See that nothing of the load runs or is open any more."""
    for name in "tasks", "descriptors", "threads":
        left = getattr(now, name) - getattr(before, name)
        if left > 0:
            ledger.breach(f"{left} {name} are left after the {what}")


async def quiet(before: Vitals | None = None) -> Vitals:
    """What this process holds once nothing goes on."""
    return await settled(1, before and before.descriptors)


class Progress:
    """Tells how far the messages are, at each tenth.

    Args:
        total: How many there will be.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._tenths = 0

    def __call__(self, done: int) -> None:
        """So many there were."""
        tenths = 10 * done // self._total
        if tenths > self._tenths:
            self._tenths = tenths
            say(f"{done:,} of {self._total:,} messages")


def say(text: str) -> None:
    """Notify the waiter."""
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """How much, and how long."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="in all (3600)")
    parser.add_argument("--sockets", type=int, default=SOCKETS)
    parser.add_argument("--channels", type=int, default=CHANNELS)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--seed", type=int, default=1, help="of the churn (1)")
    parser.add_argument("--json", type=Path, help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
