"""The state that all browsers share."""

import reactivex
from reactivex.subject import BehaviorSubject

from examples.demo.tests.builders import BACKEND
from rx_phoenix_demo.web.dashboard import Dashboard


def test_a_request_goes_to_the_publisher(phx):
    channel = phx.socket.channel("room:machine")
    channel.join()
    nothing = reactivex.never()
    dashboard = Dashboard(
        BACKEND, nothing, channel, BehaviorSubject(0), lambda: 0.0, str, print
    )
    phx.run(server="oj")
    dashboard.request_rate(2.0)
    phx.run(server="p")

    (request,) = phx.sent()
    assert (request.event, request.payload) == ("shout_others", {"every": 2.0})


def test_browsers_are_counted(phx):
    channel = phx.socket.channel("room:machine")
    nothing = reactivex.never()
    dashboard = Dashboard(
        BACKEND, nothing, channel, BehaviorSubject(0), lambda: 0.0, str, print
    )

    dashboard.enter()
    dashboard.enter()
    dashboard.leave()

    assert dashboard.browsers.value == 1
