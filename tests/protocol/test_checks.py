"""The checks of arguments; `tests/test_wrong_arguments.py` has each use of them."""

import subprocess
import sys

import pytest

from rx_phoenix import Heartbeat, Reconnect, UsageError, UsageWarning
from rx_phoenix._protocol.checks import check, check_methods, warn_caller

PROGRAM = """
import warnings
warnings.simplefilter("always")
from rx_phoenix import Heartbeat
Heartbeat(30000)
"""


def test_a_refusal_names_the_argument_and_what_it_takes():
    with pytest.raises(UsageError, match=r"^heart must be whole, got 'broken'$"):
        check(False, "heart", "whole", repr("broken"))


@pytest.mark.parametrize("value", [None, 5, "text", list])
def test_a_class_is_not_an_object_with_methods(value):
    with pytest.raises(UsageError, match="thing must be a list"):
        check_methods("thing", value, "append", "a list")


def test_any_object_with_the_methods_is_one():
    check_methods("thing", [], "append extend", "a list")


@pytest.mark.parametrize(
    "call",
    [lambda: Heartbeat(30_000), lambda: Reconnect(timeout=30_000)],
    ids=["heartbeat", "reconnect"],
)
def test_a_warning_points_at_the_line_that_made_it(call):
    with pytest.warns(UsageWarning, match="30000 seconds") as warned:
        call()

    assert [warning.filename for warning in warned] == [__file__]


def test_a_warning_without_a_caller_is_a_warning_still():
    with pytest.warns(UsageWarning, match="odd"):
        warn_caller("odd")


def test_a_program_is_told_the_line():
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, stderr=subprocess.PIPE, text=True
    )

    assert ran.stderr.startswith("<string>:5: UsageWarning: interval is 30000 seconds")
