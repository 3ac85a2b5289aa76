"""The streams of the demo, from a real server."""

import reactivex
from reactivex import operators as ops

from rx_phoenix import Socket
from rx_phoenix._cli.demo.badge import Mood
from rx_phoenix._cli.demo.feed import feed
from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.publisher import PUSHED
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators import first_value

LIMITS = Limits(80, 70)
NOTHING = reactivex.never()


def test_nothing_happens_before_somebody_subscribes(phx):
    channel = phx.socket.channel("room:machine")

    feed(phx.socket, channel, NOTHING, LIMITS, phx.scheduler, NOTHING)
    phx.run(server="---")

    phx.expect_client("---")


async def test_a_reading_that_is_pushed_becomes_figures(server, reading):
    async with Socket(server.url) as viewer, Socket(server.url) as publisher:
        seen, source = viewer.channel("room:m"), publisher.channel("room:m")
        scheduler = LoopScheduler.current()
        streams = feed(viewer, seen, NOTHING, LIMITS, scheduler, NOTHING)
        shown, moods, news = [], [], []
        streams.badges.subscribe(lambda badge: moods.append(badge.mood))
        streams.news.subscribe(lambda item: news.append(item.news.text))
        streams.figures.subscribe(shown.append)
        await seen.join()
        await source.join()
        await source.push(PUSHED, reading(cores=(99.0,)))
        await seen.push("ok")

    assert shown[0].reading == reading(cores=(99.0,))
    assert Mood.LIVE in moods
    assert news[:2] == ["Joined room:m.", "Alarm: cpu is at 99 %."]


async def test_what_is_no_reading_is_news_and_no_end(server):
    async with Socket(server.url) as viewer:
        seen = viewer.channel("room:m")
        scheduler = LoopScheduler.current()
        streams = feed(viewer, seen, NOTHING, LIMITS, scheduler, NOTHING)
        streams.figures.subscribe()
        await seen.join()
        told = streams.news.pipe(ops.map(lambda item: item.news.text))
        waiting = first_value(
            told.pipe(ops.filter(lambda text: "Reading" in text)), timeout=10
        )
        seen.push("shout", {"hello": "world"})

        assert "payload is not a Reading" in await waiting
