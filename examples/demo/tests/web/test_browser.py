"""The demo as a page, from the first browser to the last."""

import pytest
import reactivex
from reactivex import operators as ops

from examples.demo.tests.builders import BACKEND, snapshot_of
from rx_phoenix import Socket
from rx_phoenix.operators import LoopScheduler
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.context import DemoContext
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.web.browser import (
    counting_down,
    dashboard_of,
    has_display,
    in_browser,
)

LIMITS = Limits(80, 70)


@pytest.fixture
def context(phx):
    return DemoContext(BACKEND, phx.socket, reactivex.never(), phx.scheduler, print)


def test_a_snapshot_is_repeated_while_an_attempt_comes_closer(phx_timeline):
    time = phx_timeline
    live, due = snapshot_of(), snapshot_of(badge=Badge(Status.RECONNECTING, 1, 9.0))
    snapshots = time.hot("a---b------a---", {"a": live, "b": due})

    time.expect(counting_down(snapshots, time.scheduler)).to_be(
        "a---b-b-b-ba---", {"a": live, "b": due}
    )


def test_nothing_is_joined_before_there_is_a_browser(phx, context):
    dashboard_of(context, LIMITS)
    phx.run(server="---")

    phx.expect_client("---")


def test_all_browsers_share_one_join_a_topic_and_the_last_one_leaves(phx, context):
    phx.answers("L")
    dashboard = dashboard_of(context, LIMITS)
    one = dashboard.snapshots.subscribe()
    other = dashboard.snapshots.subscribe()
    phx.run(server="o(jj)")
    joins = [message.topic for message in phx.sent("J")]
    one.dispose()
    phx.run(server="-")
    still = context.channel.state
    other.dispose()
    phx.run(server="-")

    assert sorted(joins) == ["presence:machine", "room:machine"]
    assert still == "joined"
    assert context.channel.state == "closed"


def test_the_first_snapshot_needs_no_reading(phx, context):
    dashboard = dashboard_of(context, LIMITS)
    first = phx.record(
        dashboard.snapshots.pipe(ops.take(1), ops.map(lambda s: s.figures))
    )

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
        context = DemoContext(BACKEND, socket, nothing, clock, print)
        shown = in_browser(context, limits=LIMITS, open_browser=is_opened)
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
