"""No case is skipped in silence, and the page says what the tests say."""

from tests.conformance.table import (
    PAGE,
    marked,
    read,
    read_cases,
    read_defects,
    render,
)


def numbers(cases):
    return [case.number for case in cases]


def test_every_case_is_held_or_departed_from_or_not_applicable():
    assert numbers(case for case in read_cases() if not case.verdict) == []


def test_every_departure_is_tested():
    cases = read_cases()

    assert numbers(case for case in cases if case.departed and not case.tests) == []


def test_what_is_not_applicable_is_neither_tested_nor_departed_from():
    absent = [case for case in read_cases() if case.not_applicable]

    assert numbers(case for case in absent if case.tests or case.departed) == []


def test_every_defect_is_done_better():
    assert numbers(defect for defect in read_defects() if not defect.tests) == []


def test_every_departure_and_every_marker_is_of_a_number_that_is_known():
    cases, defects = numbers(read_cases()), numbers(read_defects())
    departures = read("departures.toml")

    departed = {int(number) for table in departures.values() for number in table}
    assert departed <= set(cases)
    assert marked("case").keys() <= set(cases)
    assert marked("defect").keys() <= set(defects)


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == render(), "run python -m tests.conformance.table"
