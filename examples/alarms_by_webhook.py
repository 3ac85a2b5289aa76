"""Alarms by webhook: too hot for a while is an alarm, and so is the all-clear.

::

    rx-phoenix serve
    python examples/alarms_by_webhook.py --webhook https://example.org/hook

Without ``--webhook`` alarms are printed. To make it hot, from a third terminal::

    rx-phoenix push ws://localhost:4000/socket room:boiler shout '{"celsius": 95}'

A webhook that fails is called again, later and later; alarms wait for their turn.
"""

import argparse
import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import Backoff, Socket
from rx_phoenix.operators import for_each, map_async, retry_with_backoff

LIMIT = 90.0  # °C


def is_hot(reading: Mapping[str, Any]) -> bool:
    return bool(reading["celsius"] > LIMIT)


def alarms(readings: Observable[Mapping[str, Any]], patience: float) -> Observable[str]:
    """``hot`` after some seconds above the limit, ``fine`` when that is over."""

    def later(hot: bool) -> Observable[str]:  # noqa: FBT001 - what a map is given
        delay, alarm = (patience, "hot") if hot else (0.0, "fine")
        return reactivex.timer(delay).pipe(ops.map(lambda _: alarm))

    hot: Observable[bool] = readings.pipe(ops.map(is_hot), ops.distinct_until_changed())
    told: Observable[str] = hot.pipe(
        ops.flat_map_latest(later),  # fine in time: the alarm that waits is called off
        ops.distinct_until_changed(),
    )
    return told.pipe(ops.skip_while(lambda alarm: alarm == "fine"))


async def main(url: str, webhook: str | None, patience: float) -> None:
    timeout = aiohttp.ClientTimeout(total=5.0)
    async with Socket(url) as socket, aiohttp.ClientSession(timeout=timeout) as http:

        async def call(alarm: str) -> None:
            if webhook is not None:
                async with http.post(webhook, json={"boiler": alarm}) as answer:
                    answer.raise_for_status()
            print("Told:", alarm)

        async def tell(alarm: str) -> None:
            delays = Backoff(first=0.1, cap=60.0, jitter="full")
            await reactivex.of(alarm).pipe(map_async(call), retry_with_backoff(delays))

        boiler = socket.channel("room:boiler")
        boiler.joins.subscribe(lambda _: print("Watching"))
        await for_each(alarms(boiler.stream("shout"), patience), tell)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Alarms by webhook.")
    parser.add_argument("--webhook", help="called with POST and JSON")
    parser.add_argument("--patience", type=float, default=3.0, help="seconds")
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")  # says so when the connection is lost
    with suppress(KeyboardInterrupt):
        asyncio.run(main(args.url, args.webhook, args.patience))
