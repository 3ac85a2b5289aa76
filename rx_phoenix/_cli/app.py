"""The commands of ``rx-phoenix``, and their options.

Each command imports its modules when it runs, so that ``--help`` is fast.
"""

from pathlib import Path
from typing import Annotated

import typer

from rx_phoenix._cli.demo import PASS_ON, demo
from rx_phoenix._cli.examples import EXAMPLES
from rx_phoenix._cli.exit_codes import EPILOG
from rx_phoenix._cli.help import Command, Group, RemoteCommand
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
    rich_markup_mode=None,
    cls=Group,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(requested: bool) -> None:
    """Print the version, and exit."""
    if requested:
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


@app.command(cls=Command, epilog=EXAMPLES["serve"])
def serve(
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="PORT", help="The port; 0 for any free one."
        ),
    ] = 4000,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    origin: Annotated[
        list[str],
        typer.Option(
            metavar="ORIGIN",
            help="Let web pages of this origin connect, such as https://app.example; "
            "`*` for all; repeatable.",
        ),
    ] = [],
) -> None:
    """Serve a reference app for testing clients, until Ctrl-C.

    It has a socket, a topic or an event for each behavior of a Phoenix server. Start
    with the socket at /socket, the topic room:lobby and the event echo.
    """
    from rx_phoenix._cli.serve import serve as serving

    run(serving(host, port, origin))


@app.command(cls=Command, epilog=EXAMPLES["replay"])
def replay(
    tape: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tape; `-` reads stdin.")
    ],
    speed: Annotated[
        float,
        typer.Option(min=0.0, metavar="FACTOR", help="The speed; 0 skips all delays."),
    ] = 1.0,
    event: Events = [],
    presence: Presence = False,
    count: Count = None,
    json: Json = False,
) -> None:
    """Replay a recording to a client, and show what it receives."""
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.recording import replay as replaying

    options = ListenOptions(event, presence, count, None)
    run(replaying(tape, Output(json=json), speed=speed, options=options))


@app.command(cls=Command, epilog=EXAMPLES["lane"])
def lane(
    tape: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tape; `-` reads stdin.")
    ],
) -> None:
    """Write a recording as a pytest file, and print it.

    The recorded server becomes a lane of marbles for the fixture `phx` of
    rx_phoenix.testing: a crash or an outage that was recorded is a test from then on.
    """
    from rx_phoenix._cli.recording import print_lane

    finish(lambda: print_lane(tape))


@app.command(cls=Command, epilog=EXAMPLES["simulate"])
def simulate(
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The seed of the first run.")
    ] = 0,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="The number of runs.")
    ] = 100,
    sockets: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Sockets per run.")
    ] = 2,
    steps: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Actions per run.")
    ] = 120,
) -> None:
    """Simulate whole client lifetimes on a hostile network.

    Runs in virtual time, without a server. The same seed gives the same run; a run
    that breaks an invariant is minimized and shown, and the exit code is 1.
    """
    from rx_phoenix._cli.simulating import simulate_all

    numbers = range(seed, seed + seeds)
    finish(lambda: simulate_all(numbers, sockets=sockets, steps=steps))


app.command(cls=Command, context_settings=PASS_ON, epilog=EXAMPLES["demo"])(demo)

for command in REMOTE:
    app.command(cls=RemoteCommand, epilog=EXAMPLES[command.__name__])(
        connecting(command)
    )
