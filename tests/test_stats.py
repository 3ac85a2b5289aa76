"""What a socket counted, at one moment."""

import pytest

from rx_phoenix.stats import Counters, SocketStats

COUNTED = [
    "frames_in",
    "frames_out",
    "bytes_in",
    "bytes_out",
    "protocol_errors",
    "late_replies",
    "stale",
    "casts_dropped",
    "pauses",
    "beyond_maxsize",
]


def snapshot(counters, **more):
    now = {"round_trip": None, "buffered": 0, "channels": 0, **more}
    return counters.snapshot(**now)


def test_everything_begins_at_nothing():
    assert snapshot(Counters()) == SocketStats(
        frames_in=0,
        frames_out=0,
        bytes_in=0,
        bytes_out=0,
        protocol_errors=0,
        late_replies=0,
        stale=0,
        casts_dropped=0,
        reconnects={},
        round_trip=None,
        buffered=0,
        channels=0,
    )


@pytest.mark.parametrize("name", COUNTED)
def test_a_figure_is_what_was_counted_under_its_name(name):
    counters = Counters()
    setattr(counters, name, 7)
    stats = snapshot(counters)

    assert {other: getattr(stats, other) for other in COUNTED} == {
        other: 7 if other == name else 0 for other in COUNTED
    }


def test_reconnects_are_counted_by_their_cause():
    counters = Counters()
    for cause in ("connection_closed", "heartbeat_timeout", "connection_closed"):
        counters.reconnects[cause] += 1

    assert snapshot(counters).reconnects == {
        "connection_closed": 2,
        "heartbeat_timeout": 1,
    }


@pytest.mark.parametrize(
    ("name", "value"), [("round_trip", 0.25), ("buffered", 3), ("channels", 2)]
)
def test_what_is_not_counted_is_as_it_stands(name, value):
    assert getattr(snapshot(Counters(), **{name: value}), name) == value


def test_figures_of_a_moment_do_not_change_with_the_next():
    counters = Counters()
    stats = snapshot(counters)
    counters.frames_in += 1
    counters.reconnects["connection_closed"] += 1

    assert (stats.frames_in, stats.reconnects) == (0, {})


def test_figures_cannot_be_changed():
    stats = snapshot(Counters())

    with pytest.raises(AttributeError):
        stats.frames_in = 1


def test_a_figure_that_does_not_exist_cannot_be_counted():
    with pytest.raises(AttributeError):
        Counters().frames = 1
