"""What the tests do without any change."""

import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from coverage import Coverage

from scripts.mutation.child import Tell
from scripts.mutation.mutant import Mutant

__all__ = ["OPTIONS", "Baseline", "measure"]

OPTIONS = [
    "--quiet",
    "--no-header",
    "--assert=plain",
    "--capture=sys",
    "--hypothesis-seed=0",
    "-pno:cacheprovider",
]


OURS = ("conftest", "rx_phoenix", "tests")
"""How the names of modules begin that a mutant may change the meaning of."""


@dataclass
class Baseline:
    """Which tests run which lines, and how long they take.

    Attributes:
        tests: By file and line, the tests that run it.
        imported: The lines that run when a module is imported.
        seconds: By test, how long it takes.
        failed: The tests that fail without any change.
        modules: The modules of others that they import.
    """

    tests: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    imported: set[tuple[str, int]] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)

    def add(self, file: str, tests_by_line: Mapping[int, Collection[str]]) -> None:
        """Note what ran the lines of a file; ``""`` stands for an import."""
        for line, tests in tests_by_line.items():
            self.tests[file, line] = {test for test in tests if test}
            if "" in tests:
                self.imported.add((file, line))

    def acts_at_import(self, mutant: Mutant) -> bool:
        """Whether a mutant changes what runs before the first test."""
        return not self.imported.isdisjoint(places(mutant))

    def concerning(self, mutant: Mutant) -> Collection[str]:
        """The tests that may notice a mutant: all of them, if it acts at import."""
        found = {test for place in places(mutant) for test in self.tests.get(place, ())}
        return self.seconds if self.acts_at_import(mutant) and not found else found


def places(mutant: Mutant) -> list[tuple[str, int]]:
    """The lines of a mutant, with their file."""
    return [(str(mutant.path.resolve()), line) for line in mutant.lines]


def measure(tests: Iterable[str], tell: Tell) -> None:
    """Run all tests unchanged, and tell the `Baseline`."""
    coverage = Coverage(source=["rx_phoenix"], data_file=None, config_file=False)
    baseline = Baseline()

    class RecordingObserver:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
            coverage.switch_context(item.nodeid)
            begun = time.process_time()
            result = yield
            baseline.seconds[item.nodeid] = time.process_time() - begun
            coverage.switch_context("")
            return result

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                baseline.failed.append(report.nodeid)

    before = set(sys.modules)
    with coverage.collect():
        status = pytest.main([*OPTIONS, *tests], plugins=[RecordingObserver()])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        baseline.failed.append(f"pytest itself, with status {status}")
    baseline.modules = [
        name for name in sys.modules if name not in before and not name.startswith(OURS)
    ]
    data = coverage.get_data()
    for file in data.measured_files():
        baseline.add(file, data.contexts_by_lineno(file))
    tell(baseline)
