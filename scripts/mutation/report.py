"""The report of a run."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from scripts.mutation.mutant import Mutant
from scripts.mutation.trial import FIRST, Outcome

__all__ = ["Report"]

EVERY = 50
"""After how many mutants progress is told."""

COLUMNS = "{:<36}{:>9}{:>13}{:>9}{:>10}{:>12}{:>9}"


@dataclass
class Report:
    """Counts outcomes by module, and prints them.

    Attributes:
        total: How many mutants are tried.
        goal: The share that has to be noticed.
    """

    total: int
    goal: float
    first: Counter[Path] = field(default_factory=Counter)
    others: Counter[Path] = field(default_factory=Counter)
    survived: defaultdict[Path, list[Mutant]] = field(
        default_factory=lambda: defaultdict(list)
    )
    equivalent: Counter[Path] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    def leave_out(self, mutant: Mutant) -> None:
        """Count a mutant that is known to make no difference."""
        self.equivalent[mutant.path] += 1

    def add(self, mutant: Mutant, outcome: Outcome) -> None:
        """Count a mutant, and tell what a reader may want to act on."""
        if not outcome.test:
            self.survived[mutant.path].append(mutant)
            print(f"survived  {mutant}", flush=True)
        elif outcome.is_noticed_first:
            self.first[mutant.path] += 1
        else:
            self.others[mutant.path] += 1
            print(f"{outcome.end} only {outcome.test}  {mutant}", flush=True)
        if self.tried % EVERY == 0:
            self._tell_progress()

    @property
    def tried(self) -> int:
        """How many mutants are counted so far."""
        return sum(
            [*self.first.values(), *self.others.values()],
            start=sum(map(len, self.survived.values())),
        )

    @property
    def is_good(self) -> bool:
        """Whether enough was noticed; what makes no difference is not asked for."""
        noticed = self.first.total() + self.others.total()
        return noticed >= self.goal * self.total

    def _tell_progress(self) -> None:
        spent = time.monotonic() - self.begun
        left = spent / self.tried * (self.total - self.tried)
        print(
            f"… {self.tried} of {self.total}, {spent / self.tried:.2f} s each, "
            f"{left / 60:.0f} minutes left",
            flush=True,
        )

    def table(self) -> str:
        """The counts of each module, and of all."""
        survived = Counter({path: len(all_) for path, all_ in self.survived.items()})
        paths = sorted({*self.first, *self.others, *survived, *self.equivalent})
        head = ("", "mutants", "conformance", "others", "survived", "equivalent", "")
        lines = [COLUMNS.format(*head)]
        for name, some in [*((str(path), [path]) for path in paths), ("all", paths)]:
            counts = [
                sum(counter[path] for path in some)
                for counter in (self.first, self.others, survived, self.equivalent)
            ]
            first, others, left, _ = counts
            tried = first + others + left
            share = f"{(first + others) / tried:.1%}" if tried else ""
            lines.append(COLUMNS.format(name, tried, *counts, share))
        return "\n".join(
            [
                *lines,
                "",
                f"conformance: noticed by {FIRST}; others: only by other tests;",
                "equivalent: not tried, nor counted.",
            ]
        )
