"""What an exit code of ``rx-phoenix`` means."""

from enum import IntEnum

__all__ = ["EPILOG", "ExitCode"]


class ExitCode(IntEnum):
    """The exit codes, the same for every command."""

    OK = 0
    """It did what it was asked."""
    REFUSED = 1
    """The server said no: to a join, or to a push."""
    USAGE = 2
    """The command line makes no sense, or something is not installed."""
    UNREACHABLE = 3
    """There is no connection, or it was lost."""
    TIMEOUT = 4
    """The server did not answer in time."""
    INTERRUPTED = 130
    """Ctrl-C or a signal came before it was done."""


EPILOG = (
    "Exit codes: 0 done; 1 the server refused a join or a push; 2 a mistake in the "
    "command line; 3 no connection; 4 no answer in time; 130 interrupted."
)
"""The last words of ``--help``."""
