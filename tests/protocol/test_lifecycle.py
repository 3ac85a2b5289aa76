from dataclasses import fields
from typing import get_args

import pytest

from rx_phoenix._protocol.lifecycle import Closed, Lifecycle, Retrying


@pytest.mark.parametrize("event", get_args(Lifecycle))
def test_an_event_is_a_value(event):
    facts = [field.name for field in fields(event) if field.init and not field.kw_only]
    example = event(*facts)

    assert event(*facts) == example
    assert all(getattr(example, fact) == fact for fact in facts)
    with pytest.raises((AttributeError, TypeError)):
        example.attempt = 3


def test_events_with_other_facts_are_others():
    assert Retrying(1, 0.5) != Retrying(2, 0.5)
    assert Closed(1000, "", clean=True) != Closed(1001, "", clean=True)


def test_a_close_is_the_peers_unless_it_is_said_to_be_ours():
    close = Closed(1000, "", clean=True)

    assert not close.ours
    assert repr(close) == "Closed(code=1000, reason='', clean=True)"


def test_two_closes_are_equal_whoever_wished_them():
    assert Closed(1000, "", clean=True) == Closed(1000, "", clean=True, ours=True)
