"""The demo as a page, from the first browser to the last."""

import pytest
import reactivex
from reactivex import operators as ops

from rx_phoenix import Socket
from rx_phoenix._cli.demo.badge import Badge, Mood
from rx_phoenix._cli.demo.performance import Performance
from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.web.show import (
    board_of,
    counting_down,
    has_display,
    in_browser,
)
from rx_phoenix._streams.scheduler import LoopScheduler
from tests.cli.demo.scenery import STAGE, scene_of

LIMITS = Limits(80, 70)


@pytest.fixture
def performance(phx):
    return Performance(STAGE, phx.socket, reactivex.never(), phx.scheduler, print)


def test_a_scene_is_told_again_while_an_attempt_comes_closer(phx_timeline):
    time = phx_timeline
    live, due = scene_of(), scene_of(badge=Badge(Mood.RECONNECTING, 1, 9.0))
    scenes = time.hot("a---b------a---", {"a": live, "b": due})

    time.expect(counting_down(scenes, time.scheduler)).to_be(
        "a---b-b-b-ba---", {"a": live, "b": due}
    )


def test_nobody_joins_before_there_is_a_browser(phx, performance):
    board_of(performance, LIMITS)
    phx.run(server="---")

    phx.expect_client("---")


def test_all_browsers_share_one_join_a_topic_and_the_last_one_leaves(phx, performance):
    phx.answers("L")
    board = board_of(performance, LIMITS)
    one = board.scenes.subscribe()
    other = board.scenes.subscribe()
    phx.run(server="o(jj)")
    joins = [message.topic for message in phx.sent("J")]
    one.dispose()
    phx.run(server="-")
    still = performance.channel.state
    other.dispose()
    phx.run(server="-")

    assert sorted(joins) == ["presence:machine", "room:machine"]
    assert still == "joined"
    assert performance.channel.state == "closed"


def test_the_first_scene_needs_no_reading(phx, performance):
    board = board_of(performance, LIMITS)
    first = phx.record(board.scenes.pipe(ops.take(1), ops.map(lambda s: s.figures)))

    assert first.values == [None]


@pytest.fixture
def opened(monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    return opened


@pytest.mark.parametrize("is_opened", [True, False])
async def test_a_browser_is_opened_on_request(server, capsys, opened, is_opened):
    async with Socket(server.url) as socket:
        clock, nothing = LoopScheduler.current(), reactivex.never()
        performance = Performance(STAGE, socket, nothing, clock, print)
        shown = in_browser(performance, limits=LIMITS, is_opened=is_opened)
        async with shown as show:
            show("")

    address = capsys.readouterr().out.split()[4]
    assert opened == ([address] if is_opened else [])


@pytest.mark.parametrize(
    ("platform", "variables", "has_one"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_browser_needs_a_display(monkeypatch, platform, variables, has_one):
    monkeypatch.setattr("sys.platform", platform)
    for name in "DISPLAY", "WAYLAND_DISPLAY":
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert has_display() is has_one
