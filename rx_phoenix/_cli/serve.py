"""``rx-phoenix serve``: the reference app."""

import logging
from collections.abc import Collection
from secrets import token_urlsafe

import typer

from rx_phoenix.testing._reference import reference_app

__all__ = ["OneLine", "serve"]


async def serve(host: str, port: int, origins: Collection[str] = ()) -> None:
    """Serve the reference app until it is stopped over HTTP or cancelled.

    Args:
        host: The address to listen on.
        port: The port; 0 for a free one.
        origins: The origins of web pages that may connect, besides its own.

    Raises:
        OSError: The port is in use, or the address is not one of this machine.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logger = logging.getLogger("rx_phoenix")
    logger.addHandler(handler)
    token = token_urlsafe(16)
    app = reference_app(port, host=host, origins=origins, token=token)
    try:
        async with app as server:
            typer.echo(f"The reference app is at {server.url} (Ctrl-C ends it)")
            url = f"http://{server.host}:{server.port}/ctl/stop?token={token}"
            typer.echo(f"To stop it from elsewhere: curl -X POST '{url}'")
            await server.wait_stopped()
    finally:
        logger.removeHandler(handler)


class OneLine(logging.Formatter):
    """A formatter without tracebacks: here clients cause exceptions on purpose.

    >>> try:
    ...     raise RuntimeError("boom")
    ... except RuntimeError as error:
    ...     OneLine().format(
    ...         logging.makeLogRecord({"msg": "It crashed", "exc_info": (..., error)})
    ...     )
    "It crashed: RuntimeError('boom')"
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format the message, and the exception's repr."""
        error = record.exc_info[1] if record.exc_info else None
        message = record.getMessage()
        return message if error is None else f"{message}: {error!r}"
