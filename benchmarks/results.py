"""What was measured: medians, ratios to the floor, and how they are shown."""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from msgspec import Struct, field

from benchmarks.cases import CASES

__all__ = ["FLOOR", "Results"]

FLOOR = "aiohttp + msgspec"
"""The client that all others are compared with."""


class Results(Struct):
    """The figures of one run.

    Attributes:
        machine: Where it ran, and with what.
        clock: Which time counts, ``wall`` or ``processor``.
        rates: By case and client, events or pushes a second, one figure a round.
        busy: By case, which share of a core the server took while the floor ran.
        idle: Bytes that things cost while nothing happens.
        start: Seconds that an import takes, by what is imported.
        failed: By case and client, why it could not run; it is not asked again.
    """

    machine: dict[str, str]
    clock: str
    rates: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    idle: dict[str, int] = field(default_factory=dict)
    start: dict[str, float] = field(default_factory=dict)
    failed: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, case: str, client: str, rate: float) -> None:
        """One more figure."""
        self.rates.setdefault(case, {}).setdefault(client, []).append(rate)

    def rate(self, case: str, client: str) -> float | None:
        """The median of the rounds."""
        figures = self.rates.get(case, {}).get(client)
        return median(figures) if figures else None

    def ratio(self, case: str, client: str, base: str = FLOOR) -> float | None:
        """A client's share of another's speed: the median of the rounds' ratios.

        Within a round both ran in the same second, so that a machine that is slow
        for a while is slow for both.
        """
        figures = self.rates.get(case, {})
        pairs = zip(figures.get(client, ()), figures.get(base, ()), strict=False)
        ratios = [mine / others for mine, others in pairs]
        return median(ratios) if ratios else None

    def clients(self, cases: Iterable[str]) -> list[str]:
        """Who ran any of these, the fastest in the first of them first."""
        cases = tuple(cases)
        names = {name: None for case in cases for name in self.rates.get(case, {})}
        return sorted(names, key=lambda name: -(self.rate(cases[0], name) or 0))

    def table(self, cases: Iterable[str]) -> str:
        """Rates and ratios in Markdown, a client a row."""
        cases = [case for case in cases if case in self.rates]
        rows = [["client", *cases], ["---", *("---:" for _ in cases)]]
        rows += [
            [client, *(self._cell(case, client) for case in cases)]
            for client in self.clients(cases)
        ]
        rows.append(
            ["*the server's core, at the floor*", *(self._busy(case) for case in cases)]
        )
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def _busy(self, case: str) -> str:
        return f"{self.busy[case]:.0%}" if case in self.busy else ""

    def _cell(self, case: str, client: str) -> str:
        rate, ratio = self.rate(case, client), self.ratio(case, client)
        if rate is None:
            return ""
        shown = f"{rate:,.0f}"
        return shown if ratio is None else f"{shown} ({ratio:.2f})"

    def own_table(self, client: str) -> str:
        """One client's cases, a case a row."""
        lines = [
            "| case | a second | of the floor | what |",
            "| --- | ---: | ---: | --- |",
        ]
        for name, case in CASES.items():
            rate, ratio = self.rate(name, client), self.ratio(name, client)
            if rate is not None:
                share = "" if ratio is None else f"{ratio:.2f}"
                lines.append(f"| {name} | {rate:,.0f} | {share} | {case.what} |")
        return "\n".join(lines)

    def report(self, general: Iterable[str], client: str) -> str:
        """All tables in Markdown: the general cases of all, then a client's own."""
        parts = [self.table(general), self.own_table(client)]
        for title, figures, unit in (
            ("idle", self.idle, "bytes"),
            ("import", {k: round(v * 1000) for k, v in self.start.items()}, "ms"),
        ):
            if figures:
                rows = [f"| {what} | {cost:,} |" for what, cost in figures.items()]
                parts.append(
                    "\n".join([f"| {title} | {unit} |", "| --- | ---: |", *rows])
                )
        return "\n\n".join(parts)

    def figures(self) -> Mapping[str, Any]:
        """All that is known, medians and ratios included, for a file."""
        medians = {
            case: {client: self.rate(case, client) for client in clients}
            for case, clients in self.rates.items()
        }
        ratios = {
            case: {
                client: ratio
                for client in clients
                if (ratio := self.ratio(case, client)) is not None
            }
            for case, clients in self.rates.items()
        }
        return {"medians": medians, "ratios": ratios, "measured": self}
