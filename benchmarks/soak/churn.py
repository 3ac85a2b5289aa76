"""The churn: rounds of many lives and a restart, and a look at what is left."""

import asyncio
from asyncio import CancelledError
from collections.abc import Sequence
from contextlib import suppress
from random import Random

from benchmarks.soak.ledger import Ledger
from benchmarks.soak.life import Life
from benchmarks.soak.remote import Remote

__all__ = ["Churn"]

LIVES = 60
"""How many there are at a time."""

ROUND = 5.0
"""Seconds of a round, without its end."""

PATIENCE = 40.0
"""Seconds in which a life has to end when it is told to."""


class Churn:
    """Makes rounds of churn.

    Args:
        remote: The server.
        ledger: The books.
        seed: What chance is drawn from.
    """

    def __init__(self, remote: Remote, ledger: Ledger, seed: int) -> None:
        self._remote = remote
        self._ledger = ledger
        self._chance = Random(seed)  # noqa: S311 - for play

    async def round(self) -> None:
        """Many lives, with a restart among them; half of them end in mid-air."""
        lives = [
            Life(self._remote.url, self._ledger, Random(self._chance.random()))  # noqa: S311
            for _ in range(LIVES)
        ]
        tasks = [asyncio.create_task(life.live()) for life in lives]
        moment = self._chance.uniform(0.2, 0.8) * ROUND
        await asyncio.sleep(moment)
        await self._remote.restart()
        self._ledger.happened["restarts of the server"] += 1
        await asyncio.sleep(ROUND - moment)
        for life in lives:
            life.is_over = True
        for task in tasks[::2]:
            task.cancel()
        await self._see_end(tasks)

    async def _see_end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            self._ledger.breach(f"a life does not end: {task.get_stack()}")
            task.cancel()
        for task in tasks:
            with suppress(CancelledError):
                await task
