"""The demo as a page in browsers."""

import os
import platform
import sys
import webbrowser
from collections import deque
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import reactivex
import typer
from reactivex import Observable
from reactivex import operators as ops
from reactivex.subject import BehaviorSubject

from rx_phoenix.operators import LoopScheduler, share_latest
from rx_phoenix_demo.context import DemoContext, Refresh
from rx_phoenix_demo.log import LogEntry, connection_entries
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.snapshot import Snapshot, snapshots
from rx_phoenix_demo.watchers import announcements, watchers
from rx_phoenix_demo.web.dashboard import Dashboard
from rx_phoenix_demo.web.server import serving

__all__ = ["counting_down", "dashboard_of", "has_display", "in_browser"]


COUNT = 0.2
"""Seconds between updates of the countdown to the next attempt."""


@asynccontextmanager
async def in_browser(
    context: DemoContext,
    *,
    limits: Limits,
    port: int = 0,
    open_browser: bool = False,
    origins: Collection[str] = (),
) -> AsyncGenerator[Refresh]:
    """Serve the page, and print its address and the log.

    Args:
        context: The running demo.
        limits: Thresholds of the alarms.
        port: The page's port; 0 for a free one.
        open_browser: True to open a browser.
        origins: The origins of other pages that may read this one.

    Raises:
        OSError: The port is taken.
    """
    unwritten: deque[str] = deque()

    def note(item: LogEntry) -> None:
        unwritten.append(f"{datetime.now(UTC).astimezone():%H:%M:%S}  {item.text}")

    def write(_: str) -> None:
        while unwritten:
            typer.echo(unwritten.popleft())

    log = connection_entries(context.viewer, context.channel)
    async with serving(dashboard_of(context, limits), port, origins) as address:
        typer.echo(f"The dashboard is at {address} (Ctrl-C ends it)")
        if open_browser and has_display():
            webbrowser.open(address)
        with log.subscribe(note):
            yield write


def dashboard_of(
    context: DemoContext, limits: Limits, name: str | None = None
) -> Dashboard:
    """Build the shared state; it joins at the first browser.

    Args:
        context: The running demo.
        limits: Thresholds of the alarms.
        name: The name among the viewers; the machine's if None.
    """
    browsers = BehaviorSubject(0)
    audience = context.viewer.channel(
        context.backend.audience, {"name": name or platform.node()}
    )
    announced = announcements(audience, browsers)
    watched = reactivex.merge(watchers(audience), announced.pipe(ops.ignore_elements()))
    snapshot_stream = snapshots(context.feed(limits, watched))
    return Dashboard(
        context.backend,
        counting_down(snapshot_stream, context.scheduler).pipe(share_latest()),
        context.channel,
        browsers,
        context.scheduler.monotonic,
        context.viewer.diagnosis,
        context.fail,
    )


def counting_down(
    snapshots: Observable[Snapshot], scheduler: LoopScheduler
) -> Observable[Snapshot]:
    """Repeat a snapshot while it shows a countdown to the next attempt."""

    def repeat(snapshot: Snapshot) -> Observable[Snapshot]:
        if not snapshot.badge.attempt:
            return reactivex.just(snapshot)
        ticks = reactivex.timer(0.0, COUNT, scheduler=scheduler)
        return ticks.pipe(ops.map(lambda _: snapshot))

    return snapshots.pipe(ops.map(repeat), ops.switch_latest())


def has_display() -> bool:
    """True if a browser has a display; a text browser would take over the terminal."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
