"""Running a command, until it ends, is interrupted or fails."""

import asyncio
import errno
import os
import platform
import signal
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import warn
from rx_phoenix._cli.problems import explain
from rx_phoenix._cli.silence_logs import hide_lifecycle

__all__ = ["fail", "finish", "pipe_may_close", "report", "run"]


def run(command: Coroutine[Any, Any, ExitCode | None]) -> NoReturn:
    """Run a command on a new event loop, and exit as `finish` does.

    Ctrl-C and SIGTERM cancel it, so that it can clean up.
    """
    hide_lifecycle()
    finish(lambda: asyncio.run(_terminable(command)))


def finish(command: Callable[[], ExitCode | None]) -> NoReturn:
    """Call a command, and exit.

    A problem is reported on stderr, without a traceback. A closed pipe is not a
    problem.
    """
    before = signal.signal(signal.SIGTERM, _exit_as_terminated)
    try:
        code = command() or ExitCode.OK
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - raised again if it is a bug
        if not _is_closed_pipe(error):
            report(error)
        _abandon_stdout()
        code = ExitCode.OK
    finally:
        signal.signal(signal.SIGTERM, before)
    raise typer.Exit(code)


@contextmanager
def pipe_may_close() -> Generator[None]:
    """Exit with success if nothing reads stdout any more."""
    try:
        yield
    except OSError as error:
        if not _is_closed_pipe(error):
            raise
        _abandon_stdout()
        raise typer.Exit from error


def report(error: Exception) -> NoReturn:
    """Report an error of the user or the network, and exit; raise any other."""
    problem = explain(error)
    if problem is None:
        raise error
    fail(problem.text, problem.advice, problem.code)


def fail(text: str, advice: str = "", code: ExitCode = ExitCode.USAGE) -> NoReturn:
    """Report a problem on stderr, and exit.

    Args:
        text: The problem, as a sentence.
        advice: The remedy.
        code: The exit code.
    """
    warn(text)
    if advice:
        typer.echo(advice, err=True)
    raise typer.Exit(code)


def _exit_as_terminated(*_: object) -> NoReturn:
    sys.exit(ExitCode.TERMINATED)


async def _terminable(
    command: Coroutine[Any, Any, ExitCode | None],
) -> ExitCode | None:
    """Run a command that SIGTERM cancels, as Ctrl-C does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101

    is_terminated = False

    def terminate(*_: object) -> None:
        nonlocal is_terminated
        is_terminated = True
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        return await command
    except asyncio.CancelledError:
        if is_terminated:
            return ExitCode.TERMINATED
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_closed_pipe(error: Exception) -> bool:
    """True if nothing reads stdout any more; Windows reports it as EINVAL."""
    return isinstance(error, BrokenPipeError) or (
        platform.system() == "Windows"
        and isinstance(error, OSError)
        and error.errno == errno.EINVAL
        and error.filename is None
    )


def _abandon_stdout() -> None:
    """Redirect stdout, so that the interpreter's final flush does not fail."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
