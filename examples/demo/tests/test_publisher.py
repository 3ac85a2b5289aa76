"""The publisher, in virtual time."""

import pytest

from rx_phoenix.testing import Answers, Says, Sends
from rx_phoenix_demo.publisher import (
    PUSHED,
    RECEIVED,
    Deliveries,
    deliveries,
    publications,
    requested_rate,
)

TICK = 0.1


@pytest.fixture
def pushes(phx, reading):
    """The publications of a channel that is joined; a reading every 0.2 s."""

    async def read(every):
        return reading(every=every)

    phx.letters(
        R=Sends(PUSHED),
        y=Answers("R"),
        n=Answers("R", "error"),
        f=Says(RECEIVED, {"every": 0.4}),
        s=Says(RECEIVED, {"every": 5.0}),
        g=Says(RECEIVED, {"every": "always"}),
    )
    channel = phx.socket.channel("room:machine")
    channel.join()
    phx.run(server="oj")
    return publications(channel, read, phx.scheduler, every=2 * TICK)


def test_a_reading_is_pushed_again_and_again(phx, pushes):
    phx.keep(pushes.subscribe())
    phx.run(server="------")

    phx.expect_client("(*J)---R-R")


def test_what_is_pushed_is_a_reading(phx, pushes):
    phx.keep(pushes.subscribe())
    phx.run(server="---")

    (message,) = phx.sent("R")
    assert message.payload["every"] == 2 * TICK


def test_a_viewer_may_ask_for_another_rate(phx, pushes):
    phx.keep(pushes.subscribe())
    phx.run(server="---f---------")

    phx.expect_client("(*J)---R----R---R")
    assert [message.payload["every"] for message in phx.sent("R")] == [0.2, 0.4, 0.4]


def test_a_request_for_few_readings_shows_soon(phx, pushes):
    phx.keep(pushes.subscribe())
    phx.run(server="---s------- 5s -")

    phx.expect_client("(*J)---R-----R 4.9s R")


def test_an_invalid_request_changes_nothing(phx, pushes):
    phx.keep(pushes.subscribe())
    phx.run(server="-g----")

    phx.expect_client("(*J)---R-R")


@pytest.mark.parametrize(
    "payload",
    [None, "hello", {}, {"every": None}, {"every": 0}, {"every": 0.01}, {"every": 1e9}],
)
def test_a_rate_out_of_range_is_not_a_request(payload):
    requests = []
    requested_rate(payload).subscribe(requests.append)

    assert requests == []


def test_readings_wait_for_the_connection(phx, pushes):
    phx.keep(pushes.subscribe())
    phx.run(server="#------oj")

    assert len(phx.sent("R")) >= 3


def test_deliveries_are_counted_as_they_are_acknowledged(phx, pushes):
    counted = phx.record(deliveries(pushes))
    phx.run(server="---y-n-")

    assert [*counted.values][:4] == [
        Deliveries(pushed=1),
        Deliveries(pushed=1, acknowledged=1),
        Deliveries(pushed=2, acknowledged=1),
        Deliveries(pushed=2, acknowledged=1, lost=1),
    ]


def test_what_is_neither_acknowledged_nor_lost_is_waiting():
    assert Deliveries(pushed=9, acknowledged=5, lost=1).waiting == 3
