"""The command line ``rx-phoenix``."""

import sys

from rx_phoenix._cli.exit_codes import ExitCode

__all__ = ["main"]

EXTRA = {"rich", "typer"}
"""What the command line stands on, and the package itself does without."""


def main() -> None:
    """Run the command line, or say what it lacks."""
    try:
        from rx_phoenix._cli.app import app  # noqa: PLC0415 - it needs an extra
    except ModuleNotFoundError as missing:
        if missing.name not in EXTRA:
            raise
        sys.stderr.write(
            f"rx-phoenix: the command line needs {missing.name}, which is not "
            "installed.\nInstall it with: pip install 'rx_phoenix[cli]'\n"
        )
        sys.exit(ExitCode.USAGE)
    app()
