"""Running a command: to its end, to Ctrl-C, or to a problem."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import typer

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.problems import explain

__all__ = ["blame", "fail", "finish", "run"]


def run(
    command: Coroutine[Any, Any, ExitCode | None],
    *,
    interrupted: ExitCode = ExitCode.INTERRUPTED,
) -> NoReturn:
    """Run a command on a loop of its own, and exit as `finish` does.

    Ctrl-C and SIGTERM cancel it, so that it cleans up after itself.

    Args:
        command: The command.
        interrupted: The exit code after Ctrl-C; for what else would never end, that
            is the natural end.
    """
    finish(lambda: asyncio.run(_terminable(command)), interrupted=interrupted)


def finish(
    command: Callable[[], ExitCode | None],
    *,
    interrupted: ExitCode = ExitCode.INTERRUPTED,
) -> NoReturn:
    """Call a command, and exit.

    A problem is told on stderr, without a traceback. A reader that closed the pipe
    has had enough.

    Args:
        command: The command.
        interrupted: The exit code after Ctrl-C.
    """
    try:
        code = command() or ExitCode.OK
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = interrupted
    except BrokenPipeError:
        _abandon_stdout()
        code = ExitCode.OK
    except Exception as error:  # noqa: BLE001 - raised again if it is a bug
        blame(error)
    raise typer.Exit(code)


def blame(error: Exception) -> NoReturn:
    """Tell what a user or the network did, and exit; raise what can only be a bug."""
    problem = explain(error)
    if problem is None:
        raise error
    fail(problem.text, problem.advice, problem.code)


def fail(text: str, advice: str = "", code: ExitCode = ExitCode.USAGE) -> NoReturn:
    """Tell a problem on stderr, and exit.

    Args:
        text: What happened: a sentence.
        advice: What to try.
        code: How the command ends.
    """
    head = typer.style("rx-phoenix:", fg=typer.colors.RED, bold=True)
    typer.echo(f"{head} {text}", err=True)
    if advice:
        typer.echo(advice, err=True)
    raise typer.Exit(code)


async def _terminable(
    command: Coroutine[Any, Any, ExitCode | None],
) -> ExitCode | None:
    """Let SIGTERM cancel a command, as Ctrl-C does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101

    def cancel(*_: object) -> None:
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGTERM, cancel)
    try:
        return await command
    finally:
        signal.signal(signal.SIGTERM, before)


def _abandon_stdout() -> None:
    """Let the interpreter's last flush go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
