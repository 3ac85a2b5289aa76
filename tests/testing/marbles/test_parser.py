"""Time as text."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix.errors import UsageError
from rx_phoenix.testing._marbles.parser import (
    MarbleError,
    check_letters,
    duration,
    parse,
)

LETTERS = {"a": "the first", "b": "the second"}


def read(text, **options):
    return [(mark.time, mark.letter) for mark in parse(text, **options).marks]


@pytest.mark.parametrize(
    ("text", "marks", "end"),
    [
        ("", [], 0),
        ("---", [], 0.3),
        ("a", [(0, "a")], 0.1),
        ("-a-b", [(0.1, "a"), (0.3, "b")], 0.4),
        ("  - a  ", [(0.1, "a")], 0.2),
        ("-(ab)c", [(0.1, "a"), (0.1, "b"), (0.2, "c")], 0.3),
        ("-( a b )c", [(0.1, "a"), (0.1, "b"), (0.2, "c")], 0.3),
        ("a 30s b", [(0, "a"), (30.1, "b")], 30.2),
        ("250ms a", [(0.25, "a")], 0.35),
        ("1.5m a", [(90, "a")], 90.1),
        ("a 24h", [(0, "a")], 86400.1),
        ("a 1s 2s b", [(0, "a"), (3.1, "b")], 3.2),
        ("-|#^!*", [(0.1, "|"), (0.2, "#"), (0.3, "^"), (0.4, "!"), (0.5, "*")], 0.6),
        ("1 2", [(0, "1"), (0.1, "2")], 0.2),
    ],
)
def test_a_lane_is_read(text, marks, end):
    assert (read(text), parse(text).end) == (marks, end)


def test_a_tick_can_be_set():
    assert read("-a", tick=0.01) == [(0.01, "a")]


@given(st.integers(0, 2000))
def test_ticks_add_up_exactly(ticks):
    assert parse("-" * ticks).end == ticks / 10


def test_a_mark_knows_where_it_stands():
    assert [mark.column for mark in parse(" -a (b c)").marks] == [2, 5, 7]


def test_a_number_may_follow_a_letter_of_a_group():
    marks = parse("-(a2b10a)", LETTERS, numbered=True).marks

    assert [(mark.letter, mark.number) for mark in marks] == [
        ("a", 2),
        ("b", 10),
        ("a", None),
    ]


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("-a-(ab", "this group is never closed", 3),
        ("(a(b)", "this group is never closed", 0),
        ("-ab)", "no group is open here", 3),
        ("a()", "a group needs a letter", 1),
        ("a( )", "a group needs a letter", 1),
        ("(a-b)", "a group is one instant: remove the '-'", 2),
        ("-a 30x b", "'30x' is not a duration: write 250ms, 30s, 5m or 1h", 3),
        ("-a30s-b", "a jump needs blanks around it: ' 30s '", 2),
        ("-a 1.5s-", "a jump needs blanks around it: ' 1.5s '", 3),
        ("-aq", "'q' is not a letter of this lane", 2),
        ("-a2", "'2' is not a letter of this lane", 2),
    ],
)
def test_an_error_points_at_its_column(text, problem, column):
    with pytest.raises(MarbleError) as raised:
        parse(text, LETTERS)

    message = str(raised.value)
    assert message.startswith(problem)
    assert f"\n    {text}\n    {' ' * column}^" in message


def test_a_number_needs_a_letter_before_it():
    with pytest.raises(MarbleError, match="'2' is not a letter"):
        parse("(2a)", LETTERS, numbered=True)


def test_the_error_of_an_unknown_letter_lists_the_known_ones():
    with pytest.raises(MarbleError) as raised:
        parse("q", LETTERS)

    assert str(raised.value).endswith(
        "the letters are\n    a  the first\n    b  the second"
    )


@given(st.text(alphabet="-ab() 3sm.|", max_size=20))
def test_any_text_is_read_or_refused(text):
    with suppress(MarbleError):
        assert parse(text).end >= 0


@pytest.mark.parametrize("letter", ["-", "(", ")", " ", "3", "ab", ""])
def test_a_character_with_a_meaning_cannot_be_a_letter(letter):
    with pytest.raises(UsageError, match="cannot be a letter"):
        check_letters([letter])


def test_any_other_character_is_a_letter():
    check_letters("aZ€?|#")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.1, "0.1s"),
        (0.25, "250ms"),
        (0.0015, "1.5ms"),
        (1, "1s"),
        (1.25, "1.25s"),
        (86400, "86400s"),
    ],
)
def test_a_duration_is_formatted_in_the_syntax_of_a_lane(seconds, text):
    assert duration(seconds) == text
    assert parse(f" {text} ").end == seconds
