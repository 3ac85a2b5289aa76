"""The options of all commands that connect to a server."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

from rx_phoenix._cli.running import report
from rx_phoenix._cli.target import Target, TransportKind, pairs, resolved
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
    typer.Option("--transport", help="The transport.", rich_help_panel=GROUP),
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
        help="The timeout of each request.",
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
    insecure: Insecure = False,  # noqa: FBT002
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
        insecure=insecure,
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
