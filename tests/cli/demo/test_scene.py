"""Scenes, from the streams of a feed."""

import reactivex

from rx_phoenix._cli.demo.badge import Badge, Mood
from rx_phoenix._cli.demo.publisher import Deliveries
from rx_phoenix._cli.demo.scene import Scene, scenes
from tests.cli.demo.scenery import STATS, dated, feed_of, figures_of

LIVE = Badge(Mood.LIVE)


def known(**streams):
    return feed_of(
        **{"badges": reactivex.of(LIVE), "stats": reactivex.of(STATS), **streams}
    )


def test_the_first_scene_waits_for_no_reading(expect, cold):
    feed = known(badges=cold("l--", {"l": LIVE}), stats=cold("s--", {"s": STATS}))

    expect(scenes(feed)).to_be("s--", {"s": Scene(LIVE, STATS, Deliveries(), (), None)})


def test_a_reading_makes_a_new_scene(reading):
    figures = figures_of(reading())
    shown = []

    scenes(known(figures=reactivex.of(figures))).subscribe(shown.append)

    assert shown[-1].figures is figures


def test_a_scene_remembers_the_latest_news():
    shown = []
    news = [dated(f"Number {n}.") for n in range(60)]

    scenes(known(news=reactivex.from_iterable(news))).subscribe(shown.append)

    assert shown[-1].news == tuple(news[-50:])


def test_an_error_of_one_stream_ends_the_scenes():
    errors = []
    broken = known(deliveries=reactivex.throw(OSError("no figures")))

    scenes(broken).subscribe(None, errors.append)

    assert [str(error) for error in errors] == ["no figures"]
