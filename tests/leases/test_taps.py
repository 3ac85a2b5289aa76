"""Taps: hot, without side effects, and living on through every outage."""

import pytest

from rx_phoenix import Opened
from rx_phoenix.testing import Says

SOCKET_TAPS = ["states", "lifecycle", "frames", "sent", "unhandled"]
CHANNEL_TAPS = ["states", "joins", "closes", "errors", "messages", "events"]


def tap_of(owner, name):
    return owner.events("new_msg") if name == "events" else getattr(owner, name)


@pytest.fixture
def channel(phx):
    phx.letters(a=Says("new_msg", {"body": "a"}), b=Says("new_msg", {"body": "b"}))
    return phx.socket.channel("room:1")


@pytest.fixture(
    params=[*[("socket", n) for n in SOCKET_TAPS]]
    + [("channel", n) for n in CHANNEL_TAPS],
    ids=".".join,
)
def tap(request, phx, channel):
    owner, name = request.param
    return tap_of({"socket": phx.socket, "channel": channel}[owner], name)


def test_subscribing_and_disposing_send_nothing(phx, tap):
    recording = phx.record(tap)
    phx.at(0.2, recording.dispose)
    phx.run(server="----")

    phx.expect_client("")


def test_subscribing_keeps_nothing_joined_or_connected(phx, channel, tap):
    phx.record(tap)
    phx.record(channel.joined).dispose()
    phx.run(server="-- 30s ")

    phx.expect_client("(*!)")


def test_it_outlives_a_crash_an_outage_a_close_and_a_leave(phx, channel, tap):
    phx.answers("L")
    recording = phx.record(tap)
    phx.socket.connect()
    channel.join()
    phx.run(server="-ojE- 1s j#- 0.25s ojC-")
    channel.join()
    phx.run(server="-j-")
    channel.leave()
    phx.run(server="--")

    assert recording.error is None
    assert not recording.is_completed


def test_it_completes_with_the_socket(phx, tap):
    recording = phx.record(tap)

    phx.wait_for(phx.socket.aclose())

    assert recording.is_completed
    assert recording.error is None


@pytest.mark.parametrize("name", CHANNEL_TAPS)
def test_a_channels_taps_complete_when_it_is_removed(name, phx, channel):
    recording = phx.record(tap_of(channel, name))

    phx.socket.remove(channel)

    assert recording.is_completed


def test_states_replay_the_current_one(phx, channel):
    phx.socket.connect()
    channel.join()
    phx.run(server="-oj-")

    assert phx.record(phx.socket.states).values == ["open"]
    assert phx.record(channel.states).values == ["joined"]


def test_states_tell_each_change_once(phx, channel):
    states = phx.record(channel.states)
    channel.join()
    phx.run(server="-oj-E- 1s j-C-")

    assert states.values == [
        "closed",
        "joining",
        "joined",
        "errored",
        "joining",
        "joined",
        "closed",
    ]


@pytest.mark.parametrize("name", ["joins", "closes", "errors", "messages", "events"])
def test_other_taps_replay_nothing(name, phx, channel):
    channel.join()
    phx.keep(channel.events("new_msg").subscribe())
    phx.run(server="-oja-E- 1s j-")

    assert phx.record(tap_of(channel, name)).values == []


def test_lifecycle_replays_nothing(phx):
    phx.socket.connect()
    phx.run(server="-o-")

    assert phx.record(phx.socket.lifecycle).values == []


def test_lifecycle_tells_of_each_open(phx):
    lifecycle = phx.record(phx.socket.lifecycle)
    phx.socket.connect()
    phx.run(server="-o#- 0.25s o-")

    assert [event for event in lifecycle.values if event == Opened()] == [Opened()] * 2


def test_joins_tell_of_every_join_and_rejoin(phx, channel):
    joins = phx.record(channel.joins)
    channel.join()
    phx.run(server="-ojE- 1s j#- 0.25s oj-")

    assert joins == phx.marbles("--j-- 1s j-- 0.25s -j")


def test_closes_and_errors_tell_their_reasons(phx, channel):
    closes, errors = phx.record(channel.closes), phx.record(channel.errors)
    phx.answers("L")
    channel.join()
    phx.run(server="-ojE- 1s j-")
    channel.leave()
    phx.run(server="--")

    assert errors.values == [{"reason": "channel_crash"}]
    assert closes.values == ["leave"]


def test_events_are_a_gap_while_not_joined_and_go_on_after_a_rejoin(phx, channel):
    events = phx.record(channel.events("new_msg"))
    channel.join()
    phx.run(server="-ojaE- 1s jb-")

    assert events == phx.marbles("---a-- 1s -b")


def test_all_who_listen_hear_the_same_in_the_same_order(phx, channel):
    first = phx.record(channel.events("new_msg"))
    phx.keep(
        channel.events("new_msg").subscribe(
            lambda payload: payload["body"] == "a" and channel.push("seen")
        )
    )
    second = phx.record(channel.events("new_msg"))
    channel.join()
    phx.run(server="-oj(ab)p-")

    assert first == second == phx.marbles("---(ab)")


def test_disposing_a_sibling_on_hearing_an_event_takes_it_out(phx, channel):
    phx.keep(channel.events("new_msg").subscribe(lambda _: sibling.dispose()))
    sibling = phx.record(channel.events("new_msg"))
    channel.join()
    phx.run(server="-oja-")

    assert sibling.values == []
