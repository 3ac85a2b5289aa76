"""The demo while it plays."""

import reactivex

from rx_phoenix._cli.demo.performance import Performance
from rx_phoenix._cli.demo.pipelines import Limits
from tests.cli.demo.scenery import STAGE


def performance(phx):
    nothing = reactivex.never()
    return Performance(STAGE, phx.socket, nothing, phx.scheduler, print)


def test_the_channel_is_that_of_the_stage(phx):
    assert performance(phx).channel is phx.socket.channel("room:machine")


def test_its_feed_joins_when_it_is_subscribed_to(phx):
    feed = performance(phx).feed(Limits(80, 70), reactivex.never())
    phx.run(server="-")
    phx.record(feed.figures)
    phx.run(server="oj")

    phx.expect_client("-(*J)-")
