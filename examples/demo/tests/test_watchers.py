"""The viewers, by presence."""

import pytest
import reactivex
from reactivex import operators as ops

from rx_phoenix.testing import Says, Sends
from rx_phoenix_demo.watchers import Watcher, announcements, watchers, watchers_of

ANN = {"metas": [{"phx_ref": "1", "name": "Ann", "browsers": 2}]}
BOB = {"metas": [{"phx_ref": "2", "name": "Bob"}]}


@pytest.fixture
def audience(phx):
    phx.letters(
        a=Says("presence_state", {"a": ANN}),
        b=Says("presence_diff", {"joins": {"b": BOB}, "leaves": {}}),
        U=Sends("update_meta"),
    )
    return phx.socket.channel("presence:machine")


def test_each_present_key_is_a_watcher(phx, audience):
    seen = phx.record(watchers(audience))
    audience.join()
    phx.run(server="oja-b-")

    ann, bob = Watcher("a", "Ann", 2), Watcher("b", "Bob", 0)
    assert seen == phx.marbles("--a-b-", {"a": (ann,), "b": (ann, bob)})


def test_watching_the_watchers_joins_nothing(phx, audience):
    phx.record(watchers(audience))
    phx.run(server="---")

    phx.expect_client("---")


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        ({}, ()),
        ({"a": {"metas": []}}, ()),
        ({"a": {"metas": [{}]}}, (Watcher("a", "a", 0),)),
        ({"a": {"metas": [{"browsers": "two"}]}}, (Watcher("a", "a", 0),)),
        ({"a": {"metas": [{"name": 7}, {"name": "Z"}]}}, (Watcher("a", "Z", 0),)),
        ({"a": BOB, "b": ANN}, (Watcher("b", "Ann", 2), Watcher("a", "Bob", 0))),
    ],
)
def test_a_state_is_watchers_of_by_name_whatever_is_in_it(state, seen):
    assert watchers_of(state) == seen


def test_the_number_of_browsers_is_watchers_of_after_each_join(phx, audience):
    phx.record(announcements(audience, reactivex.of(2)).pipe(ops.ignore_elements()))
    phx.run(server="oj-# 0.3s oj")

    assert [m.payload for m in phx.sent("U")] == [{"browsers": 2}, {"browsers": 2}]


def test_the_number_of_browsers_is_watchers_of_when_it_changes(phx, audience, hot):
    browsers = hot("a--b-", {"a": 1, "b": 2})
    counts = browsers.pipe(ops.start_with(0))
    phx.record(announcements(audience, counts).pipe(ops.ignore_elements()))
    phx.run(server="oj---")

    assert [m.payload["browsers"] for m in phx.sent("U")][-1] == 2


def test_nothing_is_announced_after_the_last_browser_left(phx, audience):
    phx.answers("L")
    subscription = announcements(audience, reactivex.of(0)).subscribe()
    phx.run(server="oj-")
    subscription.dispose()
    phx.run(server="-")

    assert audience.state == "closed"
