"""The demo, where its package is installed: it lives beside the library."""

from importlib import import_module
from typing import Any

import typer

from rx_phoenix._cli.running import fail

__all__ = ["PASS_ON", "demo"]

PACKAGE = "rx_phoenix_demo"

PASS_ON: dict[str, Any] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
"""Settings of a command that leaves its options, ``--help`` too, to the demo."""


def demo(context: typer.Context) -> None:
    """Show a live dashboard of this machine, where the demo is installed.

    To install it, clone the repository and run ./scripts/demo there.
    """
    try:
        command = import_module(f"{PACKAGE}.__main__")
    except ModuleNotFoundError as missing:
        if missing.name != PACKAGE:
            raise
        if {"-h", "--help"}.intersection(context.args):
            typer.echo(context.get_help())
            return
        fail(
            "The demo is not installed: clone the repository and run "
            "./scripts/demo there."
        )
    command.main(context.args)
