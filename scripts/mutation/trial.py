"""Runs tests in a process of their own, with a module of the package changed."""

import ast
import io
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from coverage import Coverage

from scripts.mutation.edits import edits

__all__ = ["SURVIVED", "Baseline", "Child", "Mutant", "measure", "try_out"]

SURVIVED = "no test"
"""What noticed a mutant that survived."""

IMPORT = "the import"

LIMIT = 60
"""Seconds for one trial; a mutant that hangs is noticed."""

QUIET = ["--quiet", "--no-header", "--assert=plain", "-p", "no:cacheprovider"]


@dataclass(frozen=True)
class Mutant:
    """One edit of one module.

    Attributes:
        path: The module's file, from the root.
        index: Which of the module's edits it is.
        lines: The lines that it concerns.
        what: What is changed.
    """

    path: Path
    index: int
    lines: range
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lines.start}: {self.what}"

    def code(self) -> CodeType:
        """The changed module."""
        tree = ast.parse(self.path.read_text())
        next(islice(edits(tree), self.index, None)).make()
        tree = ast.fix_missing_locations(tree)
        return compile(tree, self.path, "exec", dont_inherit=True)


@dataclass
class Baseline:
    """Which tests run which lines, and how long they take.

    Attributes:
        tests: By file and line, the tests that run it.
        imported: The lines that run when a module is imported.
        seconds: By test, how long it takes.
        failed: The tests that fail without any change.
    """

    tests: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    imported: set[tuple[str, int]] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def add(self, file: str, tests_by_line: Mapping[int, Collection[str]]) -> None:
        """Note what ran the lines of a file; ``""`` stands for an import."""
        for line, tests in tests_by_line.items():
            self.tests[file, line] = {test for test in tests if test}
            if "" in tests:
                self.imported.add((file, line))

    def concerning(self, mutant: Mutant) -> Collection[str]:
        """The tests that may notice a mutant: all of them, if it acts at import."""
        places = [(str(mutant.path.resolve()), line) for line in mutant.lines]
        found = {test for place in places for test in self.tests.get(place, ())}
        is_imported = not self.imported.isdisjoint(places)
        return self.seconds if is_imported and not found else found


class Child:
    """A forked process that computes something.

    Args:
        work: What it does; the result is pickled.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with os.fdopen(writer, "wb") as pipe:
                    pickle.dump(in_silence(work), pipe)
            finally:
                os._exit(0)
        os.close(writer)
        self._reader = reader

    def result(self) -> Any:
        """Wait for it; None if it ended without a result."""
        with os.fdopen(self._reader, "rb") as pipe:
            data = pipe.read()
        os.waitpid(self.pid, 0)
        return pickle.loads(data) if data else None  # noqa: S301 - our own


def in_silence(work: Callable[[], object]) -> object:
    """Do something whose output nobody reads, for as long as is decent."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return work()


def measure(tests: Iterable[str]) -> Baseline:
    """Run all tests unchanged, and note which lines each one runs."""
    coverage = Coverage(source=["rx_phoenix"], data_file=None, config_file=False)
    baseline = Baseline()

    class Notes:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
            coverage.switch_context(item.nodeid)
            begun = time.perf_counter()
            result = yield
            baseline.seconds[item.nodeid] = time.perf_counter() - begun
            coverage.switch_context("")
            return result

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                baseline.failed.append(report.nodeid)

    with coverage.collect():
        status = pytest.main([*QUIET, *tests], plugins=[Notes()])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        baseline.failed.append(f"pytest itself, with status {status}")
    data = coverage.get_data()
    for file in data.measured_files():
        baseline.add(file, data.contexts_by_lineno(file))
    return baseline


def try_out(mutant: Mutant, tests: Mapping[str, float]) -> str:
    """Run tests with a mutant in force.

    Args:
        mutant: The mutant.
        tests: The tests to run, each with what orders them.

    Returns:
        What noticed it: the first test that failed, the import of the module, or
        `SURVIVED`.
    """
    if not tests:
        return SURVIVED
    signal.alarm(LIMIT)
    sys.meta_path.insert(0, Changed(mutant))
    noticed: list[str] = []

    class Selection:
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            chosen = [item for item in items if item.nodeid in tests]
            items[:] = sorted(chosen, key=lambda item: tests[item.nodeid])

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                noticed.append(report.nodeid)

    files = sorted({test.partition("::")[0] for test in tests})
    try:
        status = pytest.main([*QUIET, "--exitfirst", *files], plugins=[Selection()])
    except BaseException:  # noqa: BLE001 - whatever it is, the mutant did it
        return IMPORT
    if status == pytest.ExitCode.OK:
        return SURVIVED
    return noticed[0] if noticed else IMPORT


class Changed(MetaPathFinder):
    """Finds the changed module in place of its file.

    Args:
        mutant: The mutant.
    """

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        name = ".".join(mutant.path.with_suffix("").parts)
        self._name = name.removesuffix(".__init__")

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """The module's spec, if it is this one."""
        if fullname != self._name:
            return None
        mutant, file = self._mutant, str(self._mutant.path.resolve())

        class Loader(SourceFileLoader):
            def get_code(self, _: str) -> CodeType:
                return mutant.code()

        return spec_from_file_location(fullname, file, loader=Loader(fullname, file))
