"""One scenario, played with one client, and what came of it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.integration.phoenix_js.ears import Refused
from tests.integration.phoenix_js.recorder import Recorder

__all__ = ["SCENARIOS", "Client", "Record", "play", "read_scenarios"]

SCENARIOS = Path(__file__).parents[2] / "conformance" / "scenarios"

QUIET = 0.15
"""Seconds after the last step in which a client may still say something."""


class Client(Protocol):
    """A driver of a client."""

    heard: list[list[Any]]

    async def do(self, verb: str, **arguments: Any) -> Any:
        """Do something, or raise `Refused`."""
        ...

    async def hears(self, *beginning: object) -> list[Any]:
        """Wait for a note."""
        ...


@dataclass
class Record:
    """What a client said on the wire, and what its callbacks heard."""

    wire: list[str]
    heard: list[str]

    @property
    def lines(self) -> list[str]:
        """Both, as text."""
        return [*self.wire, "heard:", *self.heard]


def read_scenarios() -> dict[str, dict[str, Any]]:
    """Every scenario by its name."""
    return {
        path.stem: json.loads(path.read_text())
        for path in sorted(SCENARIOS.glob("*.json"))
    }


async def play(scenario: Mapping[str, Any], client: Client, server: Recorder) -> Record:
    """Play a scenario, step by step."""
    refusals: list[list[Any]] = []
    await client.do("socket", url=server.url, **scenario.get("options", {}))
    for step in scenario["steps"]:
        await take(dict(step), client, server, refusals)
    await asyncio.sleep(QUIET)
    wire = [json.dumps(line) for line in renumbered(server)]
    return Record(wire, [json.dumps(note) for note in [*client.heard, *refusals]])


async def take(
    step: dict[str, Any], client: Client, server: Recorder, refusals: list[list[Any]]
) -> None:
    """Take one step: the client's, the server's, a wait for a note, or for a time."""
    match step:
        case {"client": verb, **arguments}:
            try:
                result = await client.do(verb, **arguments)
            except Refused:
                refusals.append([verb, "refused"])
            else:
                if verb == "state":
                    refusals.append(["state", result])
        case {"server": verb, **arguments}:
            await getattr(server, verb)(**arguments)
        case {"heard": beginning}:
            await client.hears(*beginning)
        case {"wait": seconds}:
            await asyncio.sleep(seconds)
        case _:
            raise ValueError(f"a step that is none: {step}")


def renumbered(server: Recorder) -> Iterator[list[Any]]:
    """What the client said, its refs by the order in which they first appear."""
    numbers: dict[str, str] = {}

    def number(ref: Any) -> Any:
        return ref if ref is None else numbers.setdefault(ref, str(len(numbers) + 1))

    for count, line in enumerate(server.lines, start=1):
        yield [count, "asks", *line.asked]
        for join_ref, ref, *rest in line.frames:
            yield [count, [number(join_ref), number(ref), *rest]]
        if line.end is not None:
            yield [count, line.end]
