"""The streams of the demo, from a real server."""

import reactivex
from reactivex import operators as ops

from rx_phoenix import Socket
from rx_phoenix.operators import LoopScheduler, first_value
from rx_phoenix_demo.badge import Status
from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.feed import feed
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.publisher import PUSHED

LIMITS = Limits(80, 70)
NOTHING = reactivex.never()


def test_nothing_happens_before_a_subscription(phx):
    channel = phx.socket.channel("room:machine")

    feed(phx.socket, channel, NOTHING, LIMITS, phx.scheduler, NOTHING)
    phx.run(server="---")

    phx.expect_client("---")


async def test_a_reading_that_is_pushed_becomes_figures(server, reading):
    async with Socket(server.url) as viewer, Socket(server.url) as publisher:
        seen, source = viewer.channel("room:m"), publisher.channel("room:m")
        scheduler = LoopScheduler.current()
        streams = feed(viewer, seen, NOTHING, LIMITS, scheduler, NOTHING)
        shown, statuses, log = [], [], []
        streams.badges.subscribe(lambda badge: statuses.append(badge.status))
        streams.log.subscribe(lambda item: log.append(item.entry.text))
        streams.figures.subscribe(shown.append)
        await seen.join()
        await source.join()
        await source.push(PUSHED, reading(cores=(99.0,)))
        await seen.push("ok")

    assert shown[0].reading == reading(cores=(99.0,))
    assert Status.LIVE in statuses
    assert log[:2] == ["Joined room:m.", "Alarm: cpu is at 99 %."]


def test_an_outage_is_a_downtime_until_the_channel_is_rejoined(phx):
    channel = phx.socket.channel("room:machine")
    streams = feed(phx.socket, channel, NOTHING, LIMITS, phx.scheduler, NOTHING)
    ended = []
    phx.keep(streams.downtimes.subscribe(ended.append))
    phx.keep(streams.figures.subscribe())
    phx.run(server="oj--x--oj-")

    assert ended == [Downtime(0.4, 0.8)]


async def test_a_payload_that_is_not_a_reading_is_logged_and_ends_nothing(server):
    async with Socket(server.url) as viewer:
        seen = viewer.channel("room:m")
        scheduler = LoopScheduler.current()
        streams = feed(viewer, seen, NOTHING, LIMITS, scheduler, NOTHING)
        streams.figures.subscribe()
        await seen.join()
        texts = streams.log.pipe(ops.map(lambda item: item.entry.text))
        waiting = first_value(
            texts.pipe(ops.filter(lambda text: "Reading" in text)), timeout=10
        )
        seen.push("shout", {"hello": "world"})

        assert "payload does not match Reading" in await waiting
