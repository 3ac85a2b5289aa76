"""The commands of ``rx-phoenix``, and what they take.

Each command imports what it needs when it is run, so that ``--help`` is quick.
"""

from typing import Annotated

import typer

from rx_phoenix.cli.exits import EPILOG, ExitCode
from rx_phoenix.cli.running import fail, run

__all__ = ["app"]

app = typer.Typer(
    name="rx-phoenix",
    help="A command line for Phoenix Channels.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version, and exit."""
    if wanted:
        from rx_phoenix import __version__

        typer.echo(f"rx-phoenix {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """A command line for Phoenix Channels."""


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 for any free one.")
    ] = 4000,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
) -> None:
    """Serve an app to try clients with, until Ctrl-C.

    It has a socket, a topic or an event for each thing that a Phoenix server can do to
    a client. Try it with the socket at /socket, the topic room:lobby and the event
    echo.
    """
    from rx_phoenix.cli.serve import serve as serving

    run(serving(host, port), interrupted=ExitCode.OK)


@app.command()
def demo(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A server that runs already, as `rx-phoenix serve` does; its own if "
            "left out.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=1.0, help="End after so long; at Ctrl-C if left out."),
    ] = None,
    alarm: Annotated[
        float,
        typer.Option(min=1.0, max=100.0, help="Percent from which on there is alarm."),
    ] = 80.0,
) -> None:
    """Watch this machine's figures travel through a channel.

    A publisher pushes them every second, pipelines make averages, rates and alarms of
    them. Halfway through, the connection breaks once, and heals by itself.
    """
    try:
        from rx_phoenix.cli.demo.session import demonstrate
    except ModuleNotFoundError as missing:
        if missing.name != "psutil":
            raise
        fail(
            "The demo needs psutil, which is not installed.",
            "Install it with: pip install 'rx_phoenix[demo]'",
        )
    run(demonstrate(url, seconds, alarm), interrupted=ExitCode.OK)
