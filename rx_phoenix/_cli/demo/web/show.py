"""Showing the demo as a page in browsers."""

import os
import platform
import sys
import webbrowser
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import reactivex
import typer
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.demo.performance import Performance, Show
from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.scene import Scene, scenes
from rx_phoenix._cli.demo.watching import announcements, watchers
from rx_phoenix._cli.demo.web.board import Board
from rx_phoenix._cli.demo.web.site import serving
from rx_phoenix._cli.events import News
from rx_phoenix._cli.listening import news_of
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.state import State
from rx_phoenix.operators import share_latest

__all__ = ["board_of", "counting_down", "has_display", "in_browser"]


COUNT = 0.2
"""Seconds between the numbers of a countdown."""


@asynccontextmanager
async def in_browser(
    performance: Performance, *, limits: Limits, port: int = 0, is_opened: bool = False
) -> AsyncGenerator[Show]:
    """Serve the page, and tell on stdout where it is, and what happens.

    Args:
        performance: The demo.
        limits: When there is alarm.
        port: The page's port; 0 for a free one.
        is_opened: Whether to open a browser.

    Raises:
        OSError: The port is taken.
    """
    untold: deque[str] = deque()

    def note(item: News) -> None:
        untold.append(f"{datetime.now(UTC).astimezone():%H:%M:%S}  {item.text}")

    def tell(_: str) -> None:
        while untold:
            typer.echo(untold.popleft())

    news = news_of(performance.viewer, performance.channel)
    async with serving(board_of(performance, limits), port) as address:
        typer.echo(f"The dashboard is at {address} (Ctrl-C ends it)")
        if is_opened and has_display():
            webbrowser.open(address)
        with news.subscribe(note):
            yield tell


def board_of(performance: Performance, limits: Limits) -> Board:
    """What the browsers share; nothing is joined before there is one.

    Args:
        performance: The demo.
        limits: When there is alarm.
    """
    browsers = State(0, performance.fail)
    audience = performance.viewer.channel(
        performance.stage.audience, {"name": platform.node()}
    )
    announced = announcements(audience, browsers.observable)
    watched = reactivex.merge(watchers(audience), announced.pipe(ops.ignore_elements()))
    seen = scenes(performance.feed(limits, watched))
    return Board(
        performance.stage,
        counting_down(seen, performance.scheduler).pipe(share_latest()),
        performance.channel,
        browsers,
        performance.scheduler.monotonic,
        performance.viewer.diagnosis,
        performance.fail,
    )


def counting_down(
    scenes: Observable[Scene], scheduler: LoopScheduler
) -> Observable[Scene]:
    """Scenes, again and again while the next attempt to connect comes closer."""

    def again(scene: Scene) -> Observable[Scene]:
        if not scene.badge.attempt:
            return reactivex.just(scene)
        ticks = reactivex.timer(0.0, COUNT, scheduler=scheduler)
        return ticks.pipe(ops.map(lambda _: scene))

    return scenes.pipe(ops.map(again), ops.switch_latest())


def has_display() -> bool:
    """Whether a browser has a screen to open on; one of text would take ours."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
