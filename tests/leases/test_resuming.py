"""``resume`` on a channel: the last cursor goes into the params of every rejoin."""

import pytest

from rx_phoenix.operators import resume
from rx_phoenix.testing import Says


@pytest.fixture
def news(phx):
    phx.letters({letter: Says("news", ord(letter)) for letter in "abcd"})
    channel = phx.socket.channel("room:1", {"lang": "en"})
    return resume(channel, "news", cursor=int, param="since")


def test_the_last_cursor_goes_into_the_params_of_every_rejoin(phx, news):
    seen = phx.record(news)
    phx.run(server="-ojabE- 1s jbc#- 0.25s ojd-")

    assert [join.payload for join in phx.sent("J")] == [
        {"lang": "en"},
        {"lang": "en", "since": ord("b")},
        {"lang": "en", "since": ord("c")},
    ]
    assert seen.values == [ord(letter) for letter in "abcd"]


def test_after_the_last_left_joins_take_nothing_along(phx, news):
    phx.answers("L")
    channel = phx.socket.channel("room:1")
    seen = phx.record(news)
    phx.run(server="-oja-")
    seen.dispose()
    phx.run(server="--")

    phx.record(channel.joined)
    phx.run(server="-oj-")

    assert phx.sent("J")[-1].payload == {"lang": "en"}


def test_an_event_without_a_cursor_is_told_and_passes(phx, news):
    phx.letters(x=Says("news", "no number"))
    unhandled = phx.record(phx.socket.unhandled)
    seen = phx.record(news)
    phx.run(server="-ojaxb-")

    assert seen.values == [ord("a"), "no number", ord("b")]
    assert [type(error) for error in unhandled.values] == [ValueError]
