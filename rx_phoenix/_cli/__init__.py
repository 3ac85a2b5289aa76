"""The command line ``rx-phoenix``."""

import os
import sys

from rx_phoenix._cli.exit_codes import ExitCode

__all__ = ["main"]

EXTRA = {"prompt_toolkit", "rich", "typer"}
"""The dependencies of the command line, which are optional for the package."""


def main() -> None:
    """Run the command line, or name a missing dependency."""
    try:
        from rx_phoenix._cli.app import app  # noqa: PLC0415 - requires an extra
        from rx_phoenix._cli.output import configure_streams  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if missing.name not in EXTRA:
            raise
        sys.stderr.write(
            f"rx-phoenix: the command line requires {missing.name}, which is not "
            "installed.\nInstall it with: pip install 'rx_phoenix[cli]'\n"
        )
        sys.exit(ExitCode.USAGE)
    configure_streams()
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    app(color=False if is_plain else None)
