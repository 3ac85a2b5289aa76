"""Runs tests with a mutant in force, in a process of its own."""

import gc
import resource
import signal
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum, auto
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import Phase, settings

from scripts.mutation.baseline import OPTIONS, Baseline
from scripts.mutation.child import Child, Tell
from scripts.mutation.mutant import Changed, Functions, Mutant

__all__ = [
    "FIRST",
    "End",
    "Outcome",
    "Plan",
    "by_import",
    "in_place",
]

T = TypeVar("T")

FIRST = "tests/conformance/"
"""The tests that should notice by themselves."""

CPU, CLOCK = 3, 10
"""Seconds of work, and by the clock, for one test, besides many times what it takes
without a change: a mutant that hangs is noticed.
"""

MEMORY = 4 << 30
"""Bytes for a process: a mutant that swells is noticed."""

HURRIED = ["--hypothesis-profile=mutants"]


settings.register_profile(
    "mutants",
    phases=[Phase.explicit, Phase.generate],  # a smaller example is of no use here
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=50,
)


class End(StrEnum):
    """How a trial ended."""

    ALONE = auto()
    FAILED = auto()
    HUNG = auto()
    IMPORT = auto()
    SURVIVED = auto()
    UNFIT = auto()


class Outcome(NamedTuple):
    """The outcome of a mutant.

    Attributes:
        end: How its trial ended.
        test: The test that noticed it, or during which it hung; or the first file
            of tests that could not be imported; or the test that fails unchanged, with
            nothing before it.
    """

    end: End
    test: str = ""

    @property
    def is_noticed_first(self) -> bool:
        """Whether a test of `FIRST` noticed it."""
        return self.test.startswith(FIRST)


@dataclass
class Plan:
    """Which tests to run with a mutant, those first that noticed the most so far.

    Attributes:
        baseline: What the tests do without a change.
        kills: By module, how many of its mutants each test noticed.
    """

    baseline: Baseline
    kills: defaultdict[Path, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def order(self, mutant: Mutant) -> Sequence[str]:
        """The tests to run."""
        kills, seconds = self.kills[mutant.path], self.baseline.seconds
        mirror = Path("tests", *mutant.path.with_suffix("").parts[1:])
        mirrors = f"{mirror}/", f"{mirror.parent}/test_{mirror.name}.py"
        return sorted(
            self.baseline.concerning(mutant),
            key=lambda test: (
                not test.startswith(FIRST),
                -kills[test],
                not test.startswith(mirrors),
                seconds[test],
            ),
        )

    def note(self, mutant: Mutant, outcome: Outcome) -> None:
        """Learn from an outcome."""
        if outcome.end in {End.FAILED, End.HUNG}:
            self.kills[mutant.path][outcome.test] += 1


def in_place(
    mutants: Iterable[Mutant], plan: Plan, tests: Iterable[str], jobs: int
) -> Iterator[tuple[Mutant, Outcome]]:
    """Try mutants that act when functions are called.

    The tests are collected once, and each trial is forked from there.
    """

    def all_mutants(
        items: Sequence[pytest.Item],
    ) -> Iterator[tuple[Mutant, Outcome]]:
        functions = Functions()
        proven: set[str] = set()

        def one(mutant: Mutant, tell: Tell) -> None:
            try:
                functions.change(mutant)
            except ValueError:
                tell(Outcome(End.UNFIT))
            else:
                tell(run(items, plan.order(mutant), plan, tell))

        for mutant, outcome in several(mutants, one, jobs):
            test = outcome.test
            if outcome.end is End.FAILED and test not in proven:
                if not passes_alone(test, items, plan):
                    yield mutant, Outcome(End.ALONE, test)
                    return
                proven.add(test)
            plan.note(mutant, outcome)
            yield mutant, outcome

    yield from Child(partial(collect, tests, all_mutants))


def passes_alone(test: str, items: Sequence[pytest.Item], plan: Plan) -> bool:
    """Run a test unchanged, with nothing before it.

    One that lives on what others leave behind would seem to notice everything.
    """
    outcome: Outcome = Child(lambda tell: tell(run(items, [test], plan, tell))).last()
    return outcome.end is End.SURVIVED


def collect(
    tests: Iterable[str],
    do: Callable[[Sequence[pytest.Item]], Iterator[object]],
    tell: Tell,
) -> None:
    """Collect tests, and tell what comes of doing something with them."""

    class Forks:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            gc.freeze()
            for found in do(session.items):
                tell(found)
            return True

    pytest.main([*OPTIONS, *HURRIED, *tests], plugins=[Forks()])


def by_import(
    mutants: Iterable[Mutant], plan: Plan, jobs: int
) -> Iterator[tuple[Mutant, Outcome]]:
    """Try mutants that act when a module is imported, which is repeated for each.

    What others wrote is imported once, and from here on in this process.
    """

    def one(mutant: Mutant, tell: Tell) -> None:
        Changed(mutant).install()
        order = plan.order(mutant)
        files = {test.partition("::")[0] for test in order}
        for some in (
            sorted(file for file in files if file.startswith(FIRST)),
            sorted(file for file in files if not file.startswith(FIRST)),
        ):
            outcome = collect_and_run(some, order, plan, tell)
            tell(outcome)
            if outcome.end is not End.SURVIVED:
                break

    for name in plan.baseline.modules:
        with suppress(ImportError):  # some modules are made, and have no file
            import_module(name)
    for mutant, outcome in several(mutants, one, jobs):
        plan.note(mutant, outcome)
        yield mutant, outcome


def collect_and_run(
    files: Sequence[str], order: Sequence[str], plan: Plan, tell: Tell
) -> Outcome:
    """Import the package, and run what is in some files."""
    if not files:
        return Outcome(End.SURVIVED)
    outcomes: list[Outcome] = []

    class Runs:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            if not session.testsfailed:
                outcomes.append(run(session.items, order, plan, tell))
            return True

    try:
        pytest.main([*OPTIONS, *HURRIED, *files], plugins=[Runs()])
    except BaseException:  # noqa: BLE001 - whatever it is, the mutant did it
        outcomes.clear()
    return outcomes[0] if outcomes else Outcome(End.IMPORT, files[0])


def several(
    things: Iterable[T], one: Callable[[T, Tell], None], jobs: int
) -> Iterator[tuple[T, Outcome]]:
    """Try each thing in a child, several at a time."""
    running: deque[tuple[T, Child]] = deque()

    def finish() -> tuple[T, Outcome]:
        thing, child = running.popleft()
        return thing, child.last() or Outcome(End.IMPORT, FIRST)

    for thing in things:
        running.append((thing, Child(partial(one, thing))))
        if len(running) == jobs:
            yield finish()
    while running:
        yield finish()


def run(
    items: Iterable[pytest.Item], order: Iterable[str], plan: Plan, tell: Tell
) -> Outcome:
    """Run tests until one fails."""
    item_of = {item.nodeid: item for item in items}
    chosen = [item_of[test] for test in order if test in item_of]
    failed: list[str] = []

    class RecordingObserver:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                failed.append(report.nodeid)

    if chosen:
        chosen[0].config.pluginmanager.register(RecordingObserver())
    limit_memory()
    for item in chosen:
        tell(Outcome(End.HUNG, item.nodeid))
        limit_time(plan.baseline.seconds[item.nodeid])
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if failed:
            return Outcome(End.FAILED, failed[0])
    return Outcome(End.SURVIVED)


def limit_memory() -> None:
    """Fail rather than fill the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def limit_time(seconds: float) -> None:
    """End the process if a test that usually takes some seconds takes far more."""
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU + 4 * seconds)
    signal.setitimer(signal.ITIMER_REAL, CLOCK + 40 * seconds)
