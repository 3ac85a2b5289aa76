"""The page through good and bad times, in no time: run ``pytest`` in this folder."""

from collections.abc import Callable
from math import isnan

import pytest
from reactivex import operators as ops
from view import Sample, View, history, status, views

from rx_phoenix import ChannelState
from rx_phoenix.testing import Expectation, Phx, Recording, Says, Source

STATES = {
    "c": ChannelState.CLOSED,
    "i": ChannelState.JOINING,
    "j": ChannelState.JOINED,
    "e": ChannelState.ERRORED,
}
WORDS = {
    "c": "closed",
    "i": "joining",
    "l": "live",
    "s": "stale",
    "r": "reconnecting",
}
SAMPLES = {"a": Sample(1.0, 10.0), "b": Sample(2.0, 20.0), "d": Sample(3.0, 60.0)}
a, b, d = SAMPLES.values()

Streams = Callable[..., Source]
Expect = Callable[..., Expectation]


@pytest.mark.parametrize(
    ("states", "samples", "expected"),
    [
        ("ci-j----", "-----a--", "ci-l----"),
        ("j 4s   -", "a 4s   -", "l 2.9s s"),
        ("j 4s   -", "a-- 3s a", "l 2.9s s--l"),
        ("j---e--j", "a------b", "l---r--l"),
    ],
    ids=["it joins", "silence", "no silence any more", "an outage"],
)
def test_the_status_is_one_word(
    hot: Streams, expect: Expect, states: str, samples: str, expected: str
) -> None:
    told = status(hot(states, STATES), hot(samples, SAMPLES))

    expect(told).to_be(expected, WORDS)


def test_the_history_forgets(hot: Streams, expect: Expect) -> None:
    kept = {"x": (a,), "y": (a, b), "z": (b, d)}

    expect(history(hot("a-b-d", SAMPLES), kept=2)).to_be("x-y-z", kept)


def test_the_mean_is_that_of_the_latest_few() -> None:
    assert View("live", (d, *[a, b] * 5)).mean == 15.0


def test_there_is_no_mean_of_nothing() -> None:
    assert isnan(View("live").mean)


@pytest.fixture
def seen(phx: Phx) -> Recording:
    """What a page says, on a channel of the test."""
    phx.letters(a=Says("shout", a), b=Says("shout", b))
    channel = phx.socket.channel("room:sensor")
    samples = channel.stream("shout", as_type=Sample)
    return phx.record(views(channel.states, samples).pipe(ops.map(brief)))


def brief(view: View) -> tuple[str, int]:
    return view.status, len(view.samples)


def test_the_page_lives_through_an_outage(phx: Phx, seen: Recording) -> None:
    phx.run(server="oja-# 0.2s oj--b")

    names = {
        "i": ("joining", 0),
        "l": ("live", 0),
        "a": ("live", 1),
        "r": ("reconnecting", 1),
        "j": ("joining", 1),
        "b": ("live", 2),
    }
    assert seen == phx.marbles("ila-r--ja--b", names)


def test_watching_joins_once_and_leaving_leaves(phx: Phx, seen: Recording) -> None:
    phx.at(0.3, seen.dispose)
    phx.run(server="oj--l")

    phx.expect_client("(*J)--L!")
