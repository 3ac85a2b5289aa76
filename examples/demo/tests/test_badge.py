"""The badge, in virtual time."""

from rx_phoenix import (
    AttemptFailed,
    ChannelState,
    Closed,
    ConnectError,
    GaveUp,
    HeartbeatMissed,
    Opened,
    ProtocolError,
    Retrying,
)
from rx_phoenix_demo.badge import Badge, Status, badges, connection_badges

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
    "?": Badge(Status.CONNECTING),
    "i": Badge(Status.JOINING),
    "l": Badge(Status.LIVE),
    "s": Badge(Status.STALE),
    "x": Badge(Status.RECONNECTING),
    "g": Badge(Status.ENDED),
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
        stale_after=0.5,
    )

    time.expect(shown).to_be("l------s----", BADGES)


def test_a_reading_makes_it_live_again(phx_timeline):
    time = phx_timeline
    shown = badges(
        time.hot("---------"),
        time.cold("j--------", STATES),
        time.hot("------r--", WAITS),
        time.scheduler,
        stale_after=0.4,
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

    due = Badge(Status.RECONNECTING, attempt=1, due=2.3)
    time.expect(shown).to_be("lx-r---il", BADGES | {"r": due})


def test_only_what_changes_the_prospects_is_trouble(phx_timeline):
    time = phx_timeline
    lifecycle = time.hot("-o-h-p-x-f-g-", EVENTS)

    time.expect(connection_badges(lifecycle, time.scheduler)).to_be(
        "?o-----x-x-g-", BADGES | {"o": None}
    )
