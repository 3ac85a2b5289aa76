"""What the callbacks of a client heard, for tests to wait for."""

import asyncio
from typing import Any

__all__ = ["PATIENCE", "Ears", "Refused"]

PATIENCE = 10.0
"""Seconds to wait for the client before the test fails."""


class Refused(Exception):
    """The client refused to do what it was told."""


class Ears:
    """Notes of callbacks.

    Attributes:
        heard: Every note, in order.
    """

    def __init__(self) -> None:
        self.heard: list[list[Any]] = []
        self._taken: set[int] = set()
        self._news = asyncio.Event()

    def note(self, note: list[Any]) -> None:
        """A callback was called."""
        self.heard.append(note)
        self._news.set()

    async def hears(self, *beginning: object) -> list[Any]:
        """Wait for a note that begins so, and that no other wait has had."""
        try:
            async with asyncio.timeout(PATIENCE):
                while (index := self._find(list(beginning))) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{beginning} is not in {self.heard}") from None
        self._taken.add(index)
        return self.heard[index]

    def _find(self, beginning: list[object]) -> int | None:
        for index, note in enumerate(self.heard):
            if index not in self._taken and note[: len(beginning)] == beginning:
                return index
        return None
