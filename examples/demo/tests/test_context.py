"""The demo while it plays."""

import reactivex

from examples.demo.tests.builders import BACKEND
from rx_phoenix_demo.context import DemoContext
from rx_phoenix_demo.pipelines import Limits


def context(phx):
    nothing = reactivex.never()
    return DemoContext(BACKEND, phx.socket, nothing, phx.scheduler, print)


def test_the_channel_is_that_of_the_backend(phx):
    assert context(phx).channel is phx.socket.channel("room:machine")


def test_its_feed_joins_when_it_is_subscribed_to(phx):
    feed = context(phx).feed(Limits(80, 70), reactivex.never())
    phx.run(server="-")
    phx.record(feed.figures)
    phx.run(server="oj")

    phx.expect_client("-(*J)-")
