"""The demo in a terminal: a screen, or plain lines in a pipe."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import reactivex
import typer
from rich.console import Console
from rich.live import Live

from rx_phoenix_demo.backend import Backend
from rx_phoenix_demo.context import DemoContext, Refresh
from rx_phoenix_demo.feed import Feed
from rx_phoenix_demo.lines import lines
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.screen import draw
from rx_phoenix_demo.snapshot import Snapshot, snapshots

__all__ = ["in_terminal", "showing", "summary"]

Fail = Callable[[Exception], None]
"""Function called with an error that ends the demo."""


@asynccontextmanager
async def in_terminal(
    context: DemoContext, *, limits: Limits
) -> AsyncGenerator[Refresh]:
    """Show the demo in the terminal.

    Args:
        context: The running demo.
        limits: Thresholds of the alarms.
    """
    no_watchers = reactivex.empty()
    feed = context.feed(limits, no_watchers)
    clock, fail = context.scheduler.monotonic, context.fail
    with showing(feed, context.backend, Console(), clock, fail) as refresh:
        yield refresh


@contextmanager
def showing(
    feed: Feed,
    backend: Backend,
    console: Console,
    clock: Callable[[], float],
    fail: Fail,
) -> Generator[Refresh]:
    """Subscribe to a feed, and show it.

    Output is written by the caller of `Refresh`, so that it gets a broken pipe's error.

    Args:
        feed: The streams to show.
        backend: The server.
        console: The terminal, or the pipe.
        clock: The scheduler's time.
        fail: Called with the feed's error.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        showing = _on_screen(feed, backend, console, clock, fail)
    else:
        showing = _as_lines(feed, fail)
    with showing as refresh:
        yield refresh


@contextmanager
def _on_screen(
    feed: Feed,
    backend: Backend,
    console: Console,
    clock: Callable[[], float],
    fail: Fail,
) -> Generator[Refresh]:
    latest: list[Snapshot] = []

    def keep(snapshot: Snapshot) -> None:
        latest[:] = [snapshot]

    with snapshots(feed).subscribe(keep, fail):
        try:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                yield lambda next_event: live.update(
                    draw(latest[0], backend, clock(), next_event), refresh=True
                )
        finally:
            # The terminal restores what it showed before, so a summary stays.
            typer.echo(summary(latest[0]))


@contextmanager
def _as_lines(feed: Feed, fail: Fail) -> Generator[Refresh]:
    unwritten: deque[str] = deque()

    def write(_: str) -> None:
        while unwritten:
            typer.echo(unwritten.popleft())

    with lines(feed).subscribe(unwritten.append, fail):
        yield write


def summary(snapshot: Snapshot) -> str:
    """Summarize the demo in a sentence."""
    deliveries = snapshot.deliveries
    reconnects = sum(snapshot.stats.reconnects.values())
    times = "once" if reconnects == 1 else f"{reconnects} times"
    return (
        f"The demo is over: {deliveries.pushed} readings were pushed, "
        f"{deliveries.acknowledged} acknowledged; the connection was lost {times}."
    )
