"""Docstrings begin with a verb or a noun, name the actor, and use the field's verbs."""

import ast
import re

import pytest

OPENING = re.compile(r"(As|How|What|When|Where|Whether|Which|Who|Whom|Whose|Why)\b")
ACTOR = re.compile(r"\b(any|every|no|some)body\b|\bwhoever\b", re.IGNORECASE)
SPEECH = re.compile(
    r"\b(says?|said|tells?|told|hears?|heard|wish(es)?|want(s|ed)?|goodbye|anew)\b",
    re.IGNORECASE,
)

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def docstrings(root):
    """The docstrings of the package, each with the place where it begins."""
    found = []
    for path in sorted(root.joinpath("rx_phoenix").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
                line = node.body[0].lineno
                found.append((f"{path.relative_to(root)}:{line}", text))
    return found


def places(docstrings, pattern):
    """Where a pattern is found: a line for each, to be read in a failure."""
    return [
        f"{place}: {found[0]!r} in {text.splitlines()[0]!r}"
        for place, text in docstrings
        for found in pattern.finditer(text)
    ]


def test_fewer_than_one_docstring_in_a_hundred_begins_with_a_question_word(docstrings):
    found = [
        f"{place}: {text.splitlines()[0]!r}"
        for place, text in docstrings
        if OPENING.match(text)
    ]

    assert len(found) < 0.01 * len(docstrings), "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "limit"),
    [
        pytest.param(ACTOR, 0.3, id="an actor without a name"),
        pytest.param(SPEECH, 2, id="a verb of speech"),
    ],
)
def test_a_word_that_hides_what_happens_is_rare(docstrings, pattern, limit):
    words = sum(len(text.split()) for _, text in docstrings)
    found = places(docstrings, pattern)

    assert 1000 * len(found) < limit * words, "\n".join(found)
