"""Showing the demo in a terminal: as a screen, or as lines where that is none."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import reactivex
import typer
from rich.console import Console
from rich.live import Live

from rx_phoenix._cli.demo.feed import Feed
from rx_phoenix._cli.demo.lines import lines
from rx_phoenix._cli.demo.performance import Performance, Show
from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.scene import Scene, scenes
from rx_phoenix._cli.demo.screen import draw
from rx_phoenix._cli.demo.stage import Stage

__all__ = ["in_terminal", "showing", "summary"]

Fail = Callable[[Exception], None]
"""Told when there can be nothing more to show."""


@asynccontextmanager
async def in_terminal(
    performance: Performance, *, limits: Limits
) -> AsyncGenerator[Show]:
    """Show the demo in the terminal.

    Args:
        performance: The demo.
        limits: When there is alarm.
    """
    nobody_counts = reactivex.empty()
    feed = performance.feed(limits, nobody_counts)
    clock, fail = performance.scheduler.monotonic, performance.fail
    with showing(feed, performance.stage, Console(), clock, fail) as show:
        yield show


@contextmanager
def showing(
    feed: Feed, stage: Stage, console: Console, clock: Callable[[], float], fail: Fail
) -> Generator[Show]:
    """Subscribe to a feed, and show it.

    Writing is done by who calls `Show`, so that a broken pipe is raised there.

    Args:
        feed: What is to be seen.
        stage: Where it comes from.
        console: Where to.
        clock: The scheduler's time.
        fail: Told of the feed's error.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        showing = _on_screen(feed, stage, console, clock, fail)
    else:
        showing = _as_lines(feed, fail)
    with showing as show:
        yield show


@contextmanager
def _on_screen(
    feed: Feed, stage: Stage, console: Console, clock: Callable[[], float], fail: Fail
) -> Generator[Show]:
    latest: list[Scene] = []

    def keep(scene: Scene) -> None:
        latest[:] = [scene]

    with scenes(feed).subscribe(keep, fail):
        try:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                yield lambda outlook: live.update(
                    draw(latest[0], stage, clock(), outlook), refresh=True
                )
        finally:
            # The screen is gone with all that was on it.
            typer.echo(summary(latest[0]))


@contextmanager
def _as_lines(feed: Feed, fail: Fail) -> Generator[Show]:
    untold: deque[str] = deque()

    def tell(_: str) -> None:
        while untold:
            typer.echo(untold.popleft())

    with lines(feed).subscribe(untold.append, fail):
        yield tell


def summary(scene: Scene) -> str:
    """The last words."""
    deliveries = scene.deliveries
    reconnects = sum(scene.stats.reconnects.values())
    times = "once" if reconnects == 1 else f"{reconnects} times"
    return (
        f"The demo is over: {deliveries.pushed} readings were pushed, "
        f"{deliveries.acknowledged} acknowledged; the connection was lost {times}."
    )
