"""The schedule of the demo."""

import pytest

from rx_phoenix_demo.plan import plan_for


@pytest.mark.parametrize("seconds", [1.0, 2.0, 10.0, 60.0])
def test_the_outage_is_halfway_and_over_before_the_end(seconds):
    plan = plan_for(seconds)

    assert plan.outage_at == seconds / 2
    assert plan.outage_at + plan.outage < plan.end


def test_a_demo_without_an_end_has_an_outage_too():
    plan = plan_for(None)

    assert plan.end is None
    assert plan.outage_at > 0


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (0.0, "In 5 s it breaks, on purpose"),
        (5.5, "Now it breaks, on purpose"),
        (7.5, "The end is in 2 s"),
        (11.0, "The end is in 0 s"),
    ],
)
def test_the_next_event_says_what_is_to_come(elapsed, words):
    assert plan_for(10.0).next_event(elapsed, "it breaks") == words


def test_the_next_event_of_a_demo_without_an_end_looks_back():
    assert plan_for(None).next_event(60.0, "it breaks") == "The outage is over"
