"""Scenes, from the streams of a feed."""

import reactivex

from examples.demo.tests.builders import STATS, entry, feed_of, figures_of
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.snapshot import Snapshot, snapshots

LIVE = Badge(Status.LIVE)


def known(**streams):
    return feed_of(
        **{"badges": reactivex.of(LIVE), "stats": reactivex.of(STATS), **streams}
    )


def test_the_first_snapshot_waits_for_no_reading(expect, cold):
    feed = known(badges=cold("l--", {"l": LIVE}), stats=cold("s--", {"s": STATS}))

    expect(snapshots(feed)).to_be(
        "s--", {"s": Snapshot(LIVE, STATS, Deliveries(), (), None)}
    )


def test_a_reading_makes_a_new_snapshot(reading):
    figures = figures_of(reading())
    shown = []

    snapshots(known(figures=reactivex.of(figures))).subscribe(shown.append)

    assert shown[-1].figures is figures


def test_a_snapshot_keeps_the_latest_entries():
    shown = []
    log = [entry(f"Number {n}.") for n in range(60)]

    snapshots(known(log=reactivex.from_iterable(log))).subscribe(shown.append)

    assert shown[-1].log == tuple(log[-50:])


def test_a_snapshot_keeps_the_latest_downtimes():
    shown = []
    ended = [Downtime(n, n + 0.5) for n in range(60)]

    snapshots(known(downtimes=reactivex.from_iterable(ended))).subscribe(shown.append)

    assert shown[-1].downtimes == tuple(ended[-50:])


def test_an_error_of_one_stream_ends_the_snapshots():
    errors = []
    broken = known(deliveries=reactivex.throw(OSError("no figures")))

    snapshots(broken).subscribe(None, errors.append)

    assert [str(error) for error in errors] == ["no figures"]
