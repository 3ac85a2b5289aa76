"""The options that all commands share which connect to a server."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

from rx_phoenix._cli.running import blame
from rx_phoenix._cli.target import Target, TransportKind, pairs, revealed
from rx_phoenix.errors import UsageError

__all__ = ["connecting"]

GROUP = "Connection"

Url = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="The endpoint, such as wss://example.org/socket.",
        show_default=False,
    ),
]

Param = Annotated[
    list[str],
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="A connect param; may be given again. A value `env:NAME` is taken from "
        "an environment variable, here and below.",
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
        help="An HTTP header; may be given again.",
        rich_help_panel=GROUP,
    ),
]

Transport = Annotated[
    TransportKind,
    typer.Option("--transport", help="How frames travel.", rich_help_panel=GROUP),
]

Vsn = Annotated[
    int,
    typer.Option(
        "--vsn",
        min=1,
        max=2,
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
        help="How long an answer may take.",
        rich_help_panel=GROUP,
    ),
]

Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure", help="Do not check certificates.", rich_help_panel=GROUP
    ),
]


def target_of(  # noqa: PLR0913, PLR0917 - one for each option
    url: Url,
    param: Param = [],  # noqa: B006 - typer copies it
    token: Token = "",
    header: Header = [],  # noqa: B006
    transport: Transport = TransportKind.WEBSOCKET,
    vsn: Vsn = 2,
    timeout: Timeout = 10.0,
    insecure: Insecure = False,  # noqa: FBT002
) -> Target:
    """Make a target of the options."""
    target = Target(
        url=url,
        params=pairs(param, "=", "--param"),
        token=revealed(token) or None,
        headers=pairs(header, ":", "--header"),
        carrier=transport,
        vsn=vsn,
        timeout=timeout,
        insecure=insecure,
    )
    target.public_url  # noqa: B018 - raises if the URL is none
    return target


def connecting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a connection.

    Args:
        command: Takes a `Target` first, and then what it has of its own. A
            `UsageError` of its is told as a problem.
    """
    shared = signature(target_of).parameters
    own = list(signature(command).parameters.values())[1:]

    @wraps(command)
    def run(**given: Any) -> None:
        connection = {name: given.pop(name) for name in shared}
        try:
            command(target_of(**connection), **given)
        except UsageError as error:
            blame(error)

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
    """Whether a parameter is one by its place on the command line."""
    return any(
        isinstance(info, ArgumentInfo) for info in parameter.annotation.__metadata__
    )
