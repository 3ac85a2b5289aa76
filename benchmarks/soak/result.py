"""What a run came to: a table, figures for a file, and a verdict."""

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from benchmarks.soak.ledger import Ledger
from benchmarks.soak.vitals import Vitals

__all__ = ["Growth", "Result"]

MIB = 1024 * 1024
SHOWN = 10
"""How many breaches are shown in full."""


class Growth(Struct):
    """What a process held when it was warm, and what it holds at the end.

    Attributes:
        who: The process.
        warm: At first.
        last: At last.
        limits: By how much each thing may grow.
    """

    who: str
    warm: Vitals
    last: Vitals
    limits: dict[str, int]

    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """A row for each thing that may not grow."""
        for name, growth in self.last.growth(self.warm).items():
            figures = getattr(self.warm, name), getattr(self.last, name), growth
            shown = [show(name, figure) for figure in (*figures, self.limits[name])]
            yield f"{name} of the {self.who}", shown[0], shown[1], shown[2], shown[3]

    def breaches(self) -> Iterator[str]:
        """What grew by more than it may."""
        for name, growth in self.last.excess(self.warm, self.limits).items():
            yield (
                f"{name} of the {self.who} grew by {show(name, growth)}, which is more "
                f"than {show(name, self.limits[name])}"
            )


class Result(Struct):
    """What a run came to.

    Attributes:
        seconds: How long it took.
        rounds: Of churn, without those that warm up.
        load: Figures of the load, by name.
        ledger: The books.
        growth: Of both processes.
    """

    seconds: float = 0.0
    rounds: int = 0
    load: dict[str, float] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    growth: list[Growth] = field(default_factory=list)

    @property
    def breaches(self) -> list[str]:
        """All that should not have been."""
        grown = [text for growth in self.growth for text in growth.breaches()]
        return [*self.ledger.breaches, *grown]

    def report(self) -> str:
        """Tables in Markdown, and the breaches."""
        parts = [table(("what", "figure"), self._figures())]
        rows = [row for growth in self.growth for row in growth.rows()]
        head = (
            "what is left when all is quiet",
            "warm",
            "at the end",
            "growth",
            "allowed",
        )
        parts.append(table(head, rows))
        breaches = self.breaches
        parts += [f"BREACH: {text}" for text in breaches[:SHOWN]]
        if len(breaches) > SHOWN:
            parts.append(f"… and {len(breaches) - SHOWN} more")
        if not breaches:
            parts.append("Nothing grew, and nothing was lost without a word.")
        return "\n\n".join(parts)

    def _figures(self) -> Iterator[tuple[str, str]]:
        books = self.ledger
        yield "seconds", f"{self.seconds:,.0f}"
        yield "rounds of churn", f"{self.rounds:,}"
        for name, figure in self.load.items():
            yield name, f"{figure:,.0f}"
        for name, count in sorted(books.happened.items()):
            yield name, f"{count:,}"
        for status, count in sorted(books.pushes.items()):
            yield f"pushes: {status}", f"{count:,}"
        yield "events received", f"{books.arrived:,}"
        yield "… delivered", f"{books.delivered:,}"
        yield "… reported lost", f"{books.lost:,}"
        yield "… unaccounted for", f"{books.arrived - books.delivered - books.lost:,}"


def show(name: str, figure: int) -> str:
    """A figure, memory in MiB."""
    return f"{figure / MIB:,.1f} MiB" if name == "memory" else f"{figure:,}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown, whose first column is words."""
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
