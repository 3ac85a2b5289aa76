"""The commands of ``rx-phoenix``, and what they take.

Each command imports what it needs when it is run, so that ``--help`` is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from rx_phoenix._cli.demo import PASS_ON, demo
from rx_phoenix._cli.exit_codes import EPILOG, ExitCode
from rx_phoenix._cli.options import connecting
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.remote import REMOTE, Count, Events, Json, Presence
from rx_phoenix._cli.running import finish, run

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
    from rx_phoenix._cli.serve import serve as serving

    run(serving(host, port), interrupted=ExitCode.OK)


@app.command()
def replay(
    tape: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tape; `-` is stdin.")
    ],
    speed: Annotated[
        float,
        typer.Option(min=0.0, help="How many times as fast; 0 leaves out all waiting."),
    ] = 1.0,
    event: Events = [],
    presence: Presence = False,
    count: Count = None,
    json: Json = False,
) -> None:
    """Play a tape into a client, and show what that hears."""
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.recording import replay as replaying

    wish = ListenOptions(event, presence, count, None)
    run(replaying(tape, Output(json=json), speed=speed, wish=wish))


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The seed of the first history.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many histories.")] = 100,
    sockets: Annotated[int, typer.Option(min=1, help="Sockets in each.")] = 2,
    steps: Annotated[int, typer.Option(min=1, help="What happens in each.")] = 120,
) -> None:
    """Live through whole lives of this client, on a network that does its worst.

    All in virtual time: no server is asked. The same seed is the same history; one
    that breaks something is shown as short as it can be, and ends this with 1.
    """
    from rx_phoenix._cli.simulating import simulate_all

    numbers = range(seed, seed + seeds)
    finish(lambda: simulate_all(numbers, sockets=sockets, steps=steps))


app.command(context_settings=PASS_ON)(demo)

for command in REMOTE:
    app.command()(connecting(command))
