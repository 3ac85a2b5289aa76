"""Orders, and every answer that the server may give."""

import pytest

from examples.testing_your_client.orders import buy
from rx_phoenix import Channel
from rx_phoenix.testing import Answers, Phx, Sends


@pytest.fixture
def channel(phx: Phx) -> Channel:
    phx.letters(
        B=Sends("buy", {"count": 3}),
        b=Answers("B", response={"total": 126}),
        n=Answers("B", "error", "no money"),
    )
    channel = phx.socket.channel("desk")
    phx.record(channel.joined)
    return channel


@pytest.mark.parametrize(
    ("server", "outcome"),
    [
        ("-oj--b", "bought 3 for 126"),
        ("-oj--n", "refused: no money"),
        ("-oj-- 10s -", "not known yet: ask your broker"),
        ("-oj--#", "not known: the line went dead"),
        ("-oj--E", "not known: the line went dead"),
    ],
)
def test_an_order_ends_in_plain_words(
    phx: Phx, channel: Channel, server: str, outcome: str
) -> None:
    outcomes: list[str] = []

    async def order() -> None:
        outcomes.append(await buy(channel, 3))

    phx.at(0.3, order)
    phx.run(server=server)

    assert outcomes == [outcome]
    assert len(phx.sent("B")) == 1


def test_an_order_made_too_early_waits_for_the_join(phx: Phx, channel: Channel) -> None:
    phx.answers("*JB")

    assert phx.wait_for(buy(channel, 3)) == "bought 3 for 126"
    phx.expect_client("(*JB)")
