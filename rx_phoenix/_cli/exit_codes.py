"""The exit codes of ``rx-phoenix``."""

from enum import IntEnum

__all__ = ["EPILOG", "ExitCode"]


class ExitCode(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    """Success."""
    REFUSED = 1
    """The server refused a join or a push."""
    USAGE = 2
    """The command line is invalid, or a dependency is not installed."""
    UNREACHABLE = 3
    """The connection could not be opened, or was lost."""
    TIMEOUT = 4
    """The server did not answer in time."""
    INTERRUPTED = 130
    """Ctrl-C ended the command."""
    TERMINATED = 143
    """SIGTERM ended the command."""


EPILOG = (
    "Exit codes: 0 success; 1 the server refused a join or a push; 2 invalid command "
    "line; 3 no connection; 4 timed out; 130 Ctrl-C; 143 SIGTERM."
)
"""The epilog of ``--help``."""
