"""Changes the package in small ways, one at a time, and counts what tests notice.

``scripts/mutants`` runs it for the core, ``scripts/mutants rx_phoenix/push.py`` for
some modules. It takes most of an hour, and is made for releases; ``--sample 20``
looks at twenty mutants of each module alone.
"""

import random
import sys
import tomllib
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from os import cpu_count
from pathlib import Path

from scripts.mutation.baseline import Baseline, measure
from scripts.mutation.child import Child
from scripts.mutation.mutant import Mutant, mutants_of
from scripts.mutation.report import Report
from scripts.mutation.trial import (
    End,
    Outcome,
    Plan,
    by_import,
    in_place,
)

CORE = [
    Path("rx_phoenix/channel.py"),
    Path("rx_phoenix/policy.py"),
    Path("rx_phoenix/push.py"),
    *(
        path
        for folder in ("_channel", "_connection", "_protocol")
        for path in sorted(Path("rx_phoenix", folder).glob("*.py"))
    ),
]

TESTS = [
    *(
        f"tests/{name}"
        for name in (
            "channel",
            "conformance",
            "connection",
            "leases",
            "protocol",
            "socket",
        )
    ),
    "tests/transport/test_fallback.py",
    *map(str, sorted(Path("tests").glob("test_*.py"))),
]

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def main(arguments: list[str]) -> int:
    """Run it."""
    options = parse(arguments)
    chosen, left_out = choose(options)
    baseline: Baseline = Child(partial(measure, options.tests)).last()
    if baseline.failed:
        print("These fail without any change:", *baseline.failed, sep="\n  ")
        return 1
    report = Report(len(chosen), options.goal)
    for mutant in left_out:
        report.leave_out(mutant)
    for mutant, outcome in try_all(chosen, baseline, options):
        report.add(mutant, outcome)
    print(report.table())
    return 0 if report.is_good else 1


def parse(arguments: list[str]) -> Namespace:
    """What is asked for."""
    parser = ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path, default=CORE)
    parser.add_argument("--tests", nargs="+", default=TESTS)
    parser.add_argument("--goal", type=float, default=0.9, help="a share, 0.9")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1)
    parser.add_argument("--only", default="", help="what a mutant's line has to hold")
    parser.add_argument("--sample", type=int, help="so many mutants of each module")
    parser.add_argument("--seed", default="0", help="chooses the sample")
    return parser.parse_args(arguments)


def choose(options: Namespace) -> tuple[list[Mutant], list[Mutant]]:
    """The mutants to try, and those that are known to make no difference."""
    equivalent: Mapping[str, Mapping[str, str]] = tomllib.loads(EQUIVALENT.read_text())
    chosen: list[Mutant] = []
    left_out: list[Mutant] = []
    for path in options.modules:
        known = equivalent.get(str(path), {})
        mutants = list(mutants_of(path))
        for key in known.keys() - {mutant.key for mutant in mutants}:
            print(f"{EQUIVALENT.name} lists what no longer exists: {path}: {key}")
        asked_for = [mutant for mutant in mutants if options.only in str(mutant)]
        left_out += [mutant for mutant in asked_for if mutant.key in known]
        to_try = [mutant for mutant in asked_for if mutant.key not in known]
        chosen += sample(to_try, options.sample, f"{options.seed} {path}")
    return chosen, left_out


def sample(mutants: Sequence[Mutant], size: int | None, seed: str) -> Sequence[Mutant]:
    """Some of the mutants: for a seed, the same ones, and a larger size adds some."""
    mixed = list(mutants)
    random.Random(seed).shuffle(mixed)  # noqa: S311 - no secret
    return sorted(mixed[:size], key=lambda mutant: mutant.index)


def try_all(
    mutants: Sequence[Mutant], baseline: Baseline, options: Namespace
) -> Iterator[tuple[Mutant, Outcome]]:
    """Each mutant with its outcome: first those that are quick to try."""
    plan = Plan(baseline)
    slow = [mutant for mutant in mutants if baseline.acts_at_import(mutant)]
    quick = [mutant for mutant in mutants if not baseline.acts_at_import(mutant)]
    for mutant, outcome in in_place(quick, plan, options.tests, options.jobs):
        if outcome.end is End.ALONE:
            sys.exit(f"{outcome.test} fails when nothing ran before it.")
        if outcome.end is End.UNFIT:
            slow.append(mutant)
        else:
            plan.note(mutant, outcome)
            yield mutant, outcome
    yield from by_import(slow, plan, options.jobs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
