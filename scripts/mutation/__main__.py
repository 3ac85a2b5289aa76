"""Changes the package in small ways, one at a time, and counts what tests notice.

``scripts/mutants`` runs it for the core; ``scripts/mutants rx_phoenix/push.py`` for
some modules. It takes a quarter of an hour, and is made for releases.
"""

import ast
import sys
from argparse import ArgumentParser, Namespace
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from os import cpu_count
from pathlib import Path

from scripts.mutation.edits import edits
from scripts.mutation.trial import (
    SURVIVED,
    Baseline,
    Child,
    Mutant,
    measure,
    try_out,
)

CORE = [
    *sorted(Path("rx_phoenix/protocol").glob("*.py")),
    *(
        Path(f"rx_phoenix/{name}.py")
        for name in (
            "attempt",
            "backlog",
            "channel",
            "connection",
            "join",
            "listeners",
            "liveness",
            "members",
            "membership",
            "outbox",
            "policy",
            "push",
            "rejoining",
            "retry",
            "wire",
        )
    ),
]

TESTS = [
    "tests/conformance",
    "tests/leases",
    "tests/membership",
    "tests/protocol",
    *map(str, sorted(Path("tests").glob("test_*.py"))),
]

FIRST = "tests/conformance"
"""The tests that should notice by themselves."""


def main(arguments: list[str]) -> int:
    """Run it."""
    options = parse(arguments)
    baseline = Child(partial(measure, options.tests)).result()
    if baseline.failed:
        print("These fail without any change:", *baseline.failed, sep="\n  ")
        return 1
    mutants = [mutant for path in options.modules for mutant in mutants_of(path)]
    survivors = by_others = 0
    for count, (mutant, noticed_by) in enumerate(
        try_all(mutants, baseline, options.jobs), start=1
    ):
        if noticed_by == SURVIVED:
            survivors += 1
            print(f"survived  {mutant}", flush=True)
        elif noticed_by.startswith("tests/") and not noticed_by.startswith(FIRST):
            by_others += 1
            print(f"only by {noticed_by}  {mutant}", flush=True)
        if count % 100 == 0:
            print(f"… {count} of {len(mutants)}", flush=True)
    killed = len(mutants) - survivors
    print(
        f"{killed} of {len(mutants)} were noticed ({killed / len(mutants):.1%}), "
        f"{by_others} of them only by other tests than those of {FIRST}"
    )
    return 0 if killed >= options.goal * len(mutants) else 1


def parse(arguments: list[str]) -> Namespace:
    """What is asked for."""
    parser = ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path, default=CORE)
    parser.add_argument("--tests", nargs="+", default=TESTS)
    parser.add_argument("--goal", type=float, default=0.9)
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1)
    return parser.parse_args(arguments)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a module."""
    for index, edit in enumerate(edits(ast.parse(path.read_text()))):
        yield Mutant(path, index, edit.lines, edit.what)


def try_all(
    mutants: Iterable[Mutant], baseline: Baseline, jobs: int
) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with what noticed it, several at a time."""
    running: deque[tuple[Mutant, Child]] = deque()
    for mutant in mutants:
        tests = in_order(baseline, mutant)
        running.append((mutant, Child(partial(try_out, mutant, tests))))
        if len(running) == jobs:
            yield finish(*running.popleft())
    while running:
        yield finish(*running.popleft())


def finish(mutant: Mutant, trial: Child) -> tuple[Mutant, str]:
    """What noticed a mutant, the clock included."""
    return mutant, trial.result() or "the clock"


def in_order(baseline: Baseline, mutant: Mutant) -> Mapping[str, float]:
    """The tests that may notice a mutant, the first and fast ones first."""
    return {
        test: baseline.seconds[test] + (0 if test.startswith(FIRST) else 1000)
        for test in baseline.concerning(mutant)
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
