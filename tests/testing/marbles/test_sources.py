"""Streams that play marbles."""

import pytest
from reactivex import operators as ops

from rx_phoenix.testing._marbles.sources import Window
from rx_phoenix.testing._marbles.timeline import window


def test_a_cold_source_plays_for_each_subscription(phx_timeline, cold):
    source = cold("-a-|")
    first = phx_timeline.record(source)
    phx_timeline.scheduler.advance_by(1)
    second = phx_timeline.record(source)
    phx_timeline.scheduler.advance_by(1)

    assert [time for time, _ in first] == [0.1, 0.3]
    assert [time for time, _ in second] == [1.1, 1.3]


def test_a_hot_source_plays_once_for_all_subscribers(phx_timeline, hot):
    source = hot("-a-b-|")
    phx_timeline.scheduler.advance_to(0.2)
    late = phx_timeline.record(source)
    phx_timeline.scheduler.advance_by(1)

    assert late == phx_timeline.marbles("---b-|")


def test_a_hot_value_at_the_start_is_not_lost(hot, expect):
    expect(hot("a-|")).to_be("a-|")


def test_letters_before_the_zero_point_are_in_the_past(hot, expect):
    expect(hot("a-^-b|")).to_be("--b|")


def test_a_sibling_misses_nothing_when_another_leaves(hot, expect):
    source = hot("-a-b|")
    first = expect(source.pipe(ops.take(1)))
    second = expect(source)

    first.to_be("-(a|)")
    second.to_be("-a-b|")


@pytest.mark.parametrize("kind", ["cold", "hot"])
def test_a_source_emits_the_values_of_its_letters(phx_timeline, kind, expect):
    source = getattr(phx_timeline, kind)

    expect(source("-a|", {"a": {"n": 1}})).to_be("-b|", {"b": {"n": 1}})


def test_a_source_fails_with_the_error_it_is_given(cold, expect):
    expect(cold("-#", error=KeyError("k"))).to_be("-#", error=KeyError("k"))


def test_a_class_of_errors_is_raised_as_one_of_it(hot, expect):
    expect(hot("-#", error=KeyError)).to_be("-#", error=KeyError())


def test_subscriptions_are_recorded(cold, expect):
    source = cold("-a--b|")
    expect(source, "--^").to_be("---a--b|")
    expect(source, " 1s ^-!").to_be(" 1s -a")

    assert source.subscriptions == [window("--^----!"), window(" 1s ^-!")]


def test_a_subscription_that_lasts_has_no_end(phx_timeline, hot):
    source = hot("-")
    phx_timeline.record(source)

    assert source.subscriptions == [Window(0.0)]


def test_a_subscriber_that_raises_fails_the_test_but_not_its_sibling(phx_timeline, hot):
    source = hot("a")
    source.subscribe(lambda _: 1 / 0)
    sibling = phx_timeline.record(source)

    with pytest.raises(ZeroDivisionError):
        phx_timeline.scheduler.advance_by(1)

    assert sibling.values == ["a"]


def test_a_window_is_shown_by_its_times():
    assert repr(Window(1.5, 2)) == "<Window 1.5 s to 2 s>"
    assert repr(Window(1.5)) == "<Window 1.5 s to …>"


def test_a_window_equals_only_windows():
    assert Window(1.0, 2.0) != (1.0, 2.0)


def told(source):
    """Subscribe to a source with functions, and return what it emits."""
    events = []
    source.subscribe(
        events.append, lambda error: events.append("#"), lambda: events.append("|")
    )
    return events


@pytest.mark.parametrize("kind", ["cold", "hot"])
def test_a_source_may_go_on_after_its_end(phx_timeline, request, kind):
    events = told(request.getfixturevalue(kind)("a|b#||"))
    phx_timeline.scheduler.advance_by(1)

    assert events == ["a", "|", "b", "#", "|", "|"]


@pytest.mark.parametrize("kind", ["cold", "hot"])
def test_an_operator_may_be_tested_with_such_a_source(request, expect, kind):
    source = request.getfixturevalue(kind)("a|b|")

    expect(source.pipe(ops.map(str.upper))).to_be("A|")


def test_a_source_that_misbehaves_can_be_disposed(phx_timeline, hot):
    source, events = hot("a||"), []
    subscription = source.subscribe(events.append)
    subscription.dispose()
    phx_timeline.scheduler.advance_by(1)

    assert events == []
    assert source.subscriptions == [Window(0.0, 0.0)]
