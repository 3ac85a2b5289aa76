"""The options of all commands that connect to a server."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

from rx_phoenix._cli.help import URL_VARIABLE
from rx_phoenix._cli.running import report
from rx_phoenix._cli.target import Target, TransportKind, pairs, resolved
from rx_phoenix.errors import UsageError

__all__ = ["connecting"]

GROUP = "Connection"

Url = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="The endpoint, such as wss://example.org/socket; the environment's "
        f"{URL_VARIABLE} if left out.",
        show_default=False,
    ),
]

UrlFlag = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="URL",
        help="The endpoint, instead of the argument.",
        show_default=False,
        rich_help_panel=GROUP,
    ),
]

Param = Annotated[
    list[str],
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="A connect param; repeatable. Here and below, the value `env:NAME` reads "
        "an environment variable.",
        rich_help_panel=GROUP,
    ),
]

Token = Annotated[
    str,
    typer.Option(
        "--token",
        metavar="TOKEN",
        envvar="RX_PHOENIX_TOKEN",
        help="Phoenix's auth token.",
        show_default=False,
        show_envvar=True,
        rich_help_panel=GROUP,
    ),
]

Header = Annotated[
    list[str],
    typer.Option(
        "--header",
        metavar="NAME:VALUE",
        help="An HTTP header; repeatable.",
        rich_help_panel=GROUP,
    ),
]

Transport = Annotated[
    TransportKind,
    typer.Option(
        "--transport",
        metavar="NAME",
        help="The transport: websocket, longpoll or fallback.",
        rich_help_panel=GROUP,
    ),
]

Vsn = Annotated[
    int,
    typer.Option(
        "--vsn",
        min=1,
        max=2,
        metavar="NUMBER",
        help="The version of Phoenix's protocol.",
        rich_help_panel=GROUP,
    ),
]

Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        min=0.1,
        metavar="SECONDS",
        help="The timeout of each join, push and heartbeat.",
        rich_help_panel=GROUP,
    ),
]

ConnectTimeout = Annotated[
    float | None,
    typer.Option(
        "--connect-timeout",
        min=0.1,
        metavar="SECONDS",
        help="The timeout of each attempt to connect; that of --timeout if left out.",
        show_default=False,
        rich_help_panel=GROUP,
    ),
]

Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Show all frames on stderr, without secrets.",
        rich_help_panel=GROUP,
    ),
]

Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Show data and errors only.",
        rich_help_panel=GROUP,
    ),
]

Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure", help="Do not verify certificates.", rich_help_panel=GROUP
    ),
]


def target_of(  # noqa: PLR0913, PLR0917 - one parameter for each option
    url: Url,
    param: Param = [],  # noqa: B006 - typer copies it
    token: Token = "",
    header: Header = [],  # noqa: B006
    transport: Transport = TransportKind.WEBSOCKET,
    vsn: Vsn = 2,
    timeout: Timeout = 10.0,
    connect_timeout: ConnectTimeout = None,
    insecure: Insecure = False,  # noqa: FBT002
    url_flag: UrlFlag = "",  # noqa: ARG001 - `RemoteCommand` reads it
    verbose: Verbose = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> Target:
    """Create a target from the options."""
    target = Target(
        url=url,
        params=pairs(param, "=", "--param"),
        token=resolved(token) or None,
        headers=pairs(header, ":", "--header"),
        transport=transport,
        vsn=vsn,
        timeout=timeout,
        connect_timeout=connect_timeout,
        insecure=insecure,
        verbose=verbose,
        quiet=quiet,
    )
    target.public_url  # noqa: B018 - raises if the URL is invalid
    return target


def connecting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a connection to a command.

    Args:
        command: A function of a `Target` and its own options. A `UsageError` that it
            raises is reported as a problem.
    """
    shared = signature(target_of).parameters
    own = list(signature(command).parameters.values())[1:]

    @wraps(command)
    def run(**given: Any) -> None:
        connection = {name: given.pop(name) for name in shared}
        try:
            command(target_of(**connection), **given)
        except UsageError as error:
            report(error)

    url, *options = shared.values()
    arguments = [parameter for parameter in own if is_argument(parameter)]
    flags = [parameter for parameter in own if not is_argument(parameter)]
    keywords = [url, *arguments, *flags, *options]
    run.__signature__ = signature(command).replace(  # type: ignore[attr-defined]
        parameters=[
            parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in keywords
        ]
    )
    run.__annotations__ = {p.name: p.annotation for p in keywords}
    return run


def is_argument(parameter: Parameter) -> bool:
    """Return True if a parameter is positional on the command line."""
    return any(
        isinstance(info, ArgumentInfo) for info in parameter.annotation.__metadata__
    )
