"""The badge, in virtual time."""

from rx_phoenix._cli.demo.badge import Badge, Mood, badges, troubles
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    GaveUp,
    HeartbeatMissed,
    Opened,
    Retrying,
)
from rx_phoenix._protocol.names import ChannelState
from rx_phoenix.errors import ConnectError, ProtocolError

EVENTS = {
    "o": Opened(),
    "x": Closed(1012, "", clean=True),
    "f": AttemptFailed(ConnectError("no"), 1),
    "r": Retrying(1, 2.0),
    "h": HeartbeatMissed(),
    "p": ProtocolError("not JSON"),
    "g": GaveUp(ConnectError("no")),
}
STATES = {
    "c": ChannelState.CLOSED,
    "i": ChannelState.JOINING,
    "j": ChannelState.JOINED,
    "e": ChannelState.ERRORED,
}
WAITS = {"r": 0.5, "w": 0.8}
BADGES = {
    "?": Badge(Mood.CONNECTING),
    "i": Badge(Mood.JOINING),
    "l": Badge(Mood.LIVE),
    "s": Badge(Mood.STALE),
    "x": Badge(Mood.RECONNECTING),
    "g": Badge(Mood.ENDED),
}


def test_before_anything_happens_it_connects(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("---"),
        time.cold("c--", STATES),
        time.hot("---"),
        time.scheduler,
    )

    time.expect(shown).to_be("?--", BADGES)


def test_a_channel_that_is_joined_is_live(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("-o----", EVENTS),
        time.cold("ci-j--", STATES),
        time.hot("----r-", WAITS),
        time.scheduler,
    )

    time.expect(shown).to_be("?i-l--", BADGES)


def test_without_readings_what_is_shown_goes_stale(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("------------"),
        time.cold("j-----------", STATES),
        time.hot("--r---------", WAITS),
        time.scheduler,
        patience=0.5,
    )

    time.expect(shown).to_be("l------s----", BADGES)


def test_a_reading_makes_it_live_again(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("---------"),
        time.cold("j--------", STATES),
        time.hot("------r--", WAITS),
        time.scheduler,
        patience=0.4,
    )

    time.expect(shown).to_be("l---s-l--", BADGES)


def test_how_long_is_waited_depends_on_what_arrived(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("---------------"),
        time.cold("j--------------", STATES),
        time.hot("--w------r-----", WAITS),
        time.scheduler,
    )

    time.expect(shown).to_be("l-------------s", BADGES)


def test_a_loss_shows_when_the_next_attempt_is_due(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("-x-r---o--", EVENTS),
        time.cold("je----i-j-", STATES),
        time.hot("----------"),
        time.scheduler,
    )

    due = Badge(Mood.RECONNECTING, attempt=1, due=2.3)
    time.expect(shown).to_be("lx-r---il", BADGES | {"r": due})


def test_only_what_changes_the_prospects_is_trouble(phx_timeline):
    time = phx_timeline
    lifecycle = time.hot("-o-h-p-x-f-g-", EVENTS)

    time.expect(troubles(lifecycle, time.scheduler)).to_be(
        "?o-----x-x-g-", BADGES | {"o": None}
    )
