"""The commands that connect to a server, and what they take besides.

Each imports what it needs when it is run, so that ``--help`` is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.parsing import params_of, payload_of
from rx_phoenix._cli.running import run
from rx_phoenix._cli.target import Target

__all__ = ["REMOTE", "Count", "Events", "Json", "Presence"]

Topic = Annotated[
    str, typer.Argument(metavar="TOPIC", help="The topic, such as room:lobby.")
]
Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event's name.")]
Payload = Annotated[
    str,
    typer.Argument(
        metavar="[JSON]",
        help="The payload; `-` reads it from stdin.",
        show_default=False,
    ),
]
Join = Annotated[
    str,
    typer.Option("--join", metavar="JSON", help="What to join the topic with."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on a terminal as well.")]
Count = Annotated[
    int | None, typer.Option("--count", "-n", min=1, help="End after so many.")
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", "-s", min=0.0, help="End after so long."),
]
Presence = Annotated[bool, typer.Option("--presence", help="Who comes and goes, too.")]
Events = Annotated[
    list[str],
    typer.Option("--event", "-e", help="Only this event; may be given again."),
]


def listen(
    target: Target,
    topic: Topic,
    event: Events = [],
    presence: Presence = False,
    join: Join = "{}",
    count: Count = None,
    seconds: Seconds = None,
    json: Json = False,
) -> None:
    """Show what happens on a topic, across reconnects.

    On a terminal it is shown in colours, elsewhere as JSON lines.
    """
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.listening import listen as listening

    wish = ListenOptions(event, presence, count, seconds)
    params = params_of(join)
    natural = ExitCode.OK if count is None else ExitCode.INTERRUPTED
    run(listening(target, topic, params, wish, Output(json=json)), interrupted=natural)


def push(
    target: Target,
    topic: Topic,
    event: Event,
    payload: Payload = "{}",
    join: Join = "{}",
    no_reply: Annotated[
        bool, typer.Option("--no-reply", help="Do not wait for an answer.")
    ] = False,
    json: Json = False,
) -> None:
    """Push an event, and show the answer.

    The exit code is 0 for an answer of status ok, 1 for any other.
    """
    from rx_phoenix._cli.pushing import PushOptions
    from rx_phoenix._cli.pushing import push as pushing

    saying = PushOptions(topic, params_of(join), event, payload_of(payload))
    run(pushing(target, saying, Output(json=json), is_answered=not no_reply))


def request(
    target: Target,
    topic: Topic,
    event: Event,
    payload: Payload = "{}",
    join: Join = "{}",
    attempts: Annotated[
        int, typer.Option(min=1, help="How many pushes there are at most.")
    ] = 5,
    json: Json = False,
) -> None:
    """Push an event until there is an answer, whatever the network does.

    It waits for a server that is not there yet, and pushes again after a loss or a
    timeout; the server may get the event more than once.
    """
    from rx_phoenix._cli.pushing import PushOptions
    from rx_phoenix._cli.pushing import request as requesting

    saying = PushOptions(topic, params_of(join), event, payload_of(payload))
    run(requesting(target, saying, Output(json=json), attempts=attempts))


def presence(
    target: Target,
    topic: Topic,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with who comes and goes.")
    ] = False,
    join: Join = "{}",
    count: Count = None,
    seconds: Seconds = None,
    json: Json = False,
) -> None:
    """Show who is on a topic."""
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.presence import presence as showing

    wish = ListenOptions((), True, count, seconds) if follow else None
    params = params_of(join)
    natural = ExitCode.OK if follow else ExitCode.INTERRUPTED
    run(showing(target, topic, params, Output(json=json), wish), interrupted=natural)


def record(
    target: Target,
    topics: Annotated[
        list[str], typer.Argument(metavar="TOPIC…", help="The topics to join.")
    ],
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="The tape; `-` is stdout.")
    ] = Path("-"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if it is there.")
    ] = False,
    redact: Annotated[
        list[str],
        typer.Option(
            "--redact", metavar="NAME", help="One more name of what is secret."
        ),
    ] = [],
    join: Join = "{}",
    count: Count = None,
    seconds: Seconds = None,
) -> None:
    """Write down what is said on topics, both ways, with times.

    Tokens, passwords and the like are left out: what has such a name, and what was
    given to this command as a credential. `replay` plays the tape, and so does a
    TapeTransport in a test.
    """
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.recording import Destination
    from rx_phoenix._cli.recording import record as recording

    params = params_of(join)
    joins = dict.fromkeys(topics, params)
    destination = Destination(to, force, redact)
    wish = ListenOptions((), False, count, seconds)
    run(recording(target, joins, destination, wish), interrupted=ExitCode.OK)


def bench(
    target: Target,
    topic: Topic,
    event: Event,
    payload: Payload = "{}",
    join: Join = "{}",
    pushes: Annotated[
        int, typer.Option("--pushes", min=1, help="How many there are in all.")
    ] = 1000,
    at_once: Annotated[
        int,
        typer.Option("--at-once", min=1, help="How many wait for answers at once."),
    ] = 10,
    json: Json = False,
) -> None:
    """Push again and again, and measure how long the answers take, in seconds.

    The server has to answer the event with ok, as `rx-phoenix serve` does with echo.
    """
    from rx_phoenix._cli.bench import Load
    from rx_phoenix._cli.bench import bench as measuring
    from rx_phoenix._cli.pushing import PushOptions

    saying = PushOptions(topic, params_of(join), event, payload_of(payload))
    run(measuring(target, saying, Load(pushes, at_once), Output(json=json)))


def doctor(
    target: Target,
    topic: Annotated[
        str | None, typer.Option("--topic", help="A topic to join.")
    ] = None,
    join: Join = "{}",
    json: Annotated[bool, typer.Option("--json", help="Say it in JSON lines.")] = False,
) -> None:
    """Find out what works on the way to a server, and what to do about the rest.

    Name, TCP, TLS, upgrade, heartbeat, join, round trip: it stops at the first that
    fails, and ends with the exit code of that.
    """
    from rx_phoenix._cli.doctor import doctor as examining

    run(examining(target, topic, params_of(join), json=json))


REMOTE = (listen, push, request, presence, record, bench, doctor)
"""The commands, in the order of the help; each takes a `Target` first."""
