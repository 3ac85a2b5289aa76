"""The commands that connect to a server, and their options.

Each imports its modules when it runs, so that ``--help`` is fast.
"""

from pathlib import Path
from typing import Annotated

import typer

from rx_phoenix._cli.output import Output
from rx_phoenix._cli.parsing import STDIN, params_of, payload_of
from rx_phoenix._cli.running import run
from rx_phoenix._cli.target import Target

__all__ = ["REMOTE", "Count", "Events", "Json", "Presence"]

Topic = Annotated[
    str, typer.Argument(metavar="TOPIC", help="The topic, such as room:lobby.")
]
Topics = Annotated[
    list[str],
    typer.Argument(metavar="TOPIC", help="The topics, such as room:lobby."),
]
Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event's name.")]
Payload = Annotated[
    str,
    typer.Argument(
        metavar="JSON",
        help="The payload; `-` reads it from stdin.",
        show_default=False,
    ),
]
Join = Annotated[
    str,
    typer.Option("--join", metavar="JSON", help="The params of the join."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on a terminal, too.")]
Count = Annotated[
    int | None,
    typer.Option(
        "--count", "-n", min=1, metavar="NUMBER", help="End after this many events."
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds", "-s", min=0.0, metavar="SECONDS", help="End after this time."
    ),
]
Presence = Annotated[
    bool, typer.Option("--presence", help="Include changes of presence.")
]
Events = Annotated[
    list[str],
    typer.Option("--event", "-e", metavar="EVENT", help="Only this event; repeatable."),
]


def listen(
    target: Target,
    topics: Topics,
    event: Events = [],
    presence: Presence = False,
    join: Join = "{}",
    count: Count = None,
    seconds: Seconds = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for a server that is not there yet.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the events of topics, across reconnects.

    The output is coloured on a terminal, and JSON lines elsewhere.
    """
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.listening import listen as listening

    options, params = ListenOptions(event, presence, count, seconds), params_of(join)
    output = Output(json=json, topics=len(topics) > 1)
    run(listening(target, topics, params, options, output, wait=wait))


def push(
    target: Target,
    topic: Topic,
    event: Event,
    payload: Annotated[
        str,
        typer.Argument(
            metavar="JSON",
            help="The payload; `-` reads one a line from stdin, and pushes each.",
            show_default=False,
        ),
    ] = "{}",
    join: Join = "{}",
    no_reply: Annotated[
        bool, typer.Option("--no-reply", help="Do not wait for a reply.")
    ] = False,
    json: Json = False,
) -> None:
    """Push an event, and show the reply.

    The exit code is 0 for a reply of status ok, 1 for any other; of several pushes it
    is that of the worst.
    """
    from rx_phoenix._cli.pushing import PushOptions, push_each
    from rx_phoenix._cli.pushing import push as pushing
    from rx_phoenix._cli.stdin import stdin_lines

    params, output, wait = params_of(join), Output(json=json), not no_reply
    if payload == STDIN:
        options = PushOptions(topic, params, event, None)
        run(push_each(target, options, stdin_lines(), output, wait=wait))
    options = PushOptions(topic, params, event, payload_of(payload))
    run(pushing(target, options, output, wait=wait))


def request(
    target: Target,
    topic: Topic,
    event: Event,
    payload: Payload = "{}",
    join: Join = "{}",
    attempts: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="The maximum number of pushes.")
    ] = 5,
    json: Json = False,
) -> None:
    """Push an event until the server replies, across failures of the network.

    It waits for a server that is not running yet, and pushes again after a loss or a
    timeout; the server may get the event more than once.
    """
    from rx_phoenix._cli.pushing import PushOptions
    from rx_phoenix._cli.pushing import request as requesting

    options = PushOptions(topic, params_of(join), event, payload_of(payload))
    run(requesting(target, options, Output(json=json), attempts=attempts))


def presence(
    target: Target,
    topic: Topic,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show changes, too.")
    ] = False,
    join: Join = "{}",
    count: Count = None,
    seconds: Seconds = None,
    json: Json = False,
) -> None:
    """Show the presences of a topic."""
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.presence import presence as showing

    options = ListenOptions((), True, count, seconds) if follow else None
    run(showing(target, topic, params_of(join), Output(json=json), options))


def record(
    target: Target,
    topics: Annotated[
        list[str], typer.Argument(metavar="TOPIC", help="The topics to join.")
    ],
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="The tape; `-` is stdout.")
    ] = Path("-"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing file.")
    ] = False,
    redact: Annotated[
        list[str],
        typer.Option(
            "--redact", metavar="NAME", help="One more name of a secret; repeatable."
        ),
    ] = [],
    join: Join = "{}",
    count: Count = None,
    seconds: Seconds = None,
) -> None:
    """Record the messages of topics, sent and received, with times.

    Secrets are redacted: values with names such as token or password, and the
    credentials given to this command. `replay` plays the tape; in a test, a
    TapeTransport does.
    """
    from rx_phoenix._cli.listening import ListenOptions
    from rx_phoenix._cli.recording import Destination
    from rx_phoenix._cli.recording import record as recording

    params = params_of(join)
    joins = dict.fromkeys(topics, params)
    destination = Destination(to, force, redact)
    options = ListenOptions((), False, count, seconds)
    run(recording(target, joins, destination, options))


def bench(
    target: Target,
    topic: Topic,
    event: Event,
    payload: Payload = "{}",
    join: Join = "{}",
    pushes: Annotated[
        int,
        typer.Option("--pushes", min=1, metavar="NUMBER", help="The number of pushes."),
    ] = 1000,
    at_once: Annotated[
        int,
        typer.Option(
            "--at-once", min=1, metavar="NUMBER", help="The number of pushes in flight."
        ),
    ] = 10,
    json: Json = False,
) -> None:
    """Push repeatedly, and measure the round trips, in seconds.

    The server must reply ok to the event, as `rx-phoenix serve` does to echo.
    """
    from rx_phoenix._cli.bench import Load
    from rx_phoenix._cli.bench import bench as measuring
    from rx_phoenix._cli.pushing import PushOptions

    options = PushOptions(topic, params_of(join), event, payload_of(payload))
    run(measuring(target, options, Load(pushes, at_once), Output(json=json)))


def doctor(
    target: Target,
    topic: Annotated[
        str | None, typer.Option("--topic", metavar="TOPIC", help="A topic to join.")
    ] = None,
    join: Join = "{}",
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Diagnose the path to a server, and suggest remedies.

    Name, TCP, TLS, upgrade, heartbeat, join, round trip: it stops at the first step
    that fails, with the exit code of that step.
    """
    from rx_phoenix._cli.doctor import doctor as diagnosing

    run(diagnosing(target, topic, params_of(join), json=json))


def shell(target: Target, json: Json = False) -> None:
    """Join, leave, push and watch from a prompt.

    `help` lists what it understands. Commands may come from a pipe as well.
    """
    from rx_phoenix._cli.shell import shell as conversing

    run(conversing(target, Output(json=json, topics=True)))


REMOTE = (listen, push, request, presence, record, bench, doctor, shell)
"""The commands, in the order of the help; each takes a `Target` first."""
