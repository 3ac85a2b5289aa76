"""What observers raised goes up as it is, or as a group."""

import pytest

from rx_phoenix.operators._raising import raise_all


def test_one_exception_goes_up_as_it_is():
    with pytest.raises(LookupError):
        raise_all([LookupError()], "a test")


def test_several_go_up_as_a_group():
    with pytest.raises(ExceptionGroup, match="2 exceptions in a test"):
        raise_all([LookupError(), OSError()], "a test")


def test_none_is_no_exception():
    raise_all([], "a test")
