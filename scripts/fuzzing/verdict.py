"""What the reports of the fuzzing server amount to."""

from collections import Counter
from collections.abc import Mapping

__all__ = ["regressions", "table"]

Results = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By agent and case: its ``behavior`` and its ``behaviorClose``."""

GOOD = frozenset({"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"})


def is_passed(result: Mapping[str, str]) -> bool:
    """True if neither the messages nor the close of a case failed."""
    return {result["behavior"], result["behaviorClose"]} <= GOOD


def regressions(results: Results, ours: str, model: str) -> list[str]:
    """Return the cases that the model passes and we do not."""
    return [
        case
        for case, result in results[model].items()
        if is_passed(result) and not is_passed(results[ours][case])
    ]


def table(results: Results) -> str:
    """Return how many cases ended how, as Markdown.

    >>> case = {"behavior": "OK", "behaviorClose": "OK"}
    >>> print(table({"a": {"1.1": case, "1.2": case}}))
    | client | cases | OK | NON-STRICT | INFORMATIONAL | UNIMPLEMENTED | failed |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: |
    | a | 2 | 2 | 0 | 0 | 0 | 0 |
    """
    names = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"]
    lines = [
        f"| client | cases | {' | '.join(names)} | failed |",
        "| --- |" + " ---: |" * 6,
    ]
    for agent, cases in results.items():
        count = Counter(
            result["behavior"] if is_passed(result) else "failed"
            for result in cases.values()
        )
        row = [agent, len(cases), *(count[name] for name in names), count["failed"]]
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)
