"""The demo's command line: ``python -m rx_phoenix_demo``, or ``rx-phoenix demo``."""

import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Annotated

import typer

from rx_phoenix import RxPhoenixError
from rx_phoenix_demo.context import DemoContext, Refresh
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.run import run_demo
from rx_phoenix_demo.terminal import in_terminal
from rx_phoenix_demo.web.browser import in_browser

__all__ = ["main"]

EXAMPLES = """\b
Examples:
  rx-phoenix demo --seconds 30
  rx-phoenix demo --terminal
"""

UNUSABLE = 2
"""The exit code when this machine refuses, for instance the port."""

UNREACHABLE = 3
"""The exit code when the server cannot be reached, or refuses."""

INTERRUPTED, TERMINATED = 130, 143
"""The exit codes when Ctrl-C or SIGTERM ended it, as a shell makes them."""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "terminal_width": min(shutil.get_terminal_size().columns, 80),
    },
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the demo, and exit.

    Args:
        arguments: The command line; that of this process if None.
    """
    app(arguments, prog_name="rx-phoenix demo")


@app.command(epilog=EXAMPLES)
def demo(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A running server, such as `rx-phoenix serve`; the demo starts its "
            "own if left out.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            metavar="SECONDS",
            help="Stop after this time; at Ctrl-C if left out.",
        ),
    ] = None,
    alarm: Annotated[
        float,
        typer.Option(
            min=1.0,
            max=100.0,
            metavar="PERCENT",
            help="Load that raises an alarm, in percent.",
        ),
    ] = 80.0,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Show the figures in the terminal.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="The page's port; 0 for any free one.",
        ),
    ] = 0,
    origin: Annotated[
        list[str],
        typer.Option(
            metavar="ORIGIN",
            help="Let web pages of this origin read the figures, such as "
            "https://app.example; `*` for all; repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
) -> None:
    """Watch this machine's figures travel through a channel, live in a browser.

    A publisher pushes them every second; pipelines turn them into averages, rates and
    alarms. Halfway through, the connection breaks once and recovers by itself.
    """
    limits = Limits.below(alarm)
    present: Callable[[DemoContext], AbstractAsyncContextManager[Refresh]]
    if terminal:
        present = partial(in_terminal, limits=limits)
    else:
        present = partial(
            in_browser,
            limits=limits,
            port=port,
            open_browser=not no_browser,
            origins=origin,
        )
    silence_library_log()
    try:
        asyncio.run(until_terminated(run_demo(url, seconds, present, origin)))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except asyncio.CancelledError:
        raise typer.Exit(TERMINATED) from None
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        fail(f"{error.strerror or error}; choose another --port", UNUSABLE)
    except RxPhoenixError as error:
        fail(str(error), UNREACHABLE)


async def until_terminated(work: Coroutine[None, None, None]) -> None:
    """Await a coroutine; SIGTERM cancels it, as Ctrl-C does.

    Args:
        work: The coroutine.
    """
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # Windows has no such handlers
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work


def silence_library_log() -> None:
    """Keep the library's log off the terminal: the demo shows the same events."""
    logger = logging.getLogger("rx_phoenix")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def discard_stdout() -> None:
    """Send the interpreter's last flush to nowhere; the reader closed the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(text: str, code: int) -> None:
    """Write an error to stderr, and exit."""
    typer.echo(f"rx-phoenix demo: {text}", err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
