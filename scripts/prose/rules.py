"""The rules of prose: habits that readers stumble over, with remedies."""

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["RULES", "Finding", "findings"]

ACTOR = r"\b(some|no|any|every)body\b|\bwhoever\b"

NEGATED = (
    r"\b(?<!there )is no "
    r"(?=(json|message|frame|mistake|close|answer|observable|news|error of)\b)"
)

RULES = {
    ACTOR: "name the actor: subscriber, caller, server",
    r"\berrs\b": "fails",
    NEGATED: "is not a …",
    r"\banew\b|\bafresh in\b": "again",
    r"\btell(s|ing)? of\b": "reports",
    r"\bwho comes? late\b": "late subscribers",
    r"\bwhat (became|becomes) of\b": "the outcome of",
    r"\ball of that are\b": "all of these are",
    r"\bwhat has no import\b": "names without an import",
    r"\bworst day\b": "worst outage",
    r"\b(do|does) all (their|its) own set-up\b": "set themselves up",
    r"\beverything that has to hold\b": "the test suite",
    r"\blive through (a|whole)\b|\blives through\b": "simulate",
    r"\bthe way of a frame\b": "the path of a frame",
    r"\bbreak the way for\b": "block",
    r"\bbeside that stand\b": "alongside are",
    r"\bthe same again are the end\b": "the same answer ends it",
    r"\ba policy of the server's\b": "policy violation",
    r"\bis nothing that your\b": "your … need not",
    r"\bstart a thread a timer\b": "start one thread per timer",
    r"\bto stay for a while after\b": "to bridge a short gap",
    r"\ba frame that is none\b": "anything that is not a valid frame",
    r"\bis no json\b|\bis no tick\b|'\w+' is none\b": "is not valid JSON",
    r"\btook us in\b": "connected",
    r"\bwhat that hears\b": "what it receives",
    r"\bwhat a mistake gets\b": "what happens when you make a mistake",
    r"\bonly start over once\b|\bproved good\b": "resets only once … proved stable",
    r"\bor leave it alone\b": "or ignore the result",
    r"\bwould still not do\b": "would still not be enough",
    r"\ba loop has to run\b": "an event loop must be running",
    r"\bwith a bound and a choice\b": "with a bounded queue and a choice",
    r"\bcan be said in json\b|\bcannot be said\b|\bcannot say\b": "cannot be encoded",
}
"""Patterns, and what to write instead."""

PATTERNS = [(re.compile(rule, re.IGNORECASE), remedy) for rule, remedy in RULES.items()]

CODE = re.compile(
    r"^```.*?^```|`[^`\n]*`|\[[^]]*\]\([^)]*tests/[^)]*\)|\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)
"""Code, names of tests, and targets of links."""


class Finding(NamedTuple):
    """A phrase that breaks a rule.

    Attributes:
        line: The number of its line.
        words: The phrase.
        remedy: What to write instead.
    """

    line: int
    words: str
    remedy: str


def findings(text: str) -> Iterator[Finding]:
    r"""Yield the phrases of a text that break a rule.

    Args:
        text: The text; code in backticks is not read.

    >>> [found.line for found in findings("The payload\nis no JSON.")]
    [2, 2]
    """
    prose = CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
    for pattern, remedy in PATTERNS:
        for found in pattern.finditer(prose):
            yield Finding(prose.count("\n", 0, found.start()) + 1, found[0], remedy)
