"""``rx-phoenix serve``: the reference app."""

import logging

import typer

from rx_phoenix.testing._reference import reference_app

__all__ = ["OneLine", "serve"]


async def serve(host: str, port: int) -> None:
    """Serve the reference app until it is stopped, over HTTP or by a cancellation.

    Args:
        host: The address to listen at.
        port: The port; 0 for a free one.

    Raises:
        OSError: The port is taken, or the address is not one of this machine.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logger = logging.getLogger("rx_phoenix")
    logger.addHandler(handler)
    try:
        async with reference_app(port, host=host) as server:
            typer.echo(f"The reference app is at {server.url} (Ctrl-C ends it)")
            await server.wait_stopped()
    finally:
        logger.removeHandler(handler)


class OneLine(logging.Formatter):
    """Says of an exception what it is, not where it was raised: a client asked for it.

    >>> try:
    ...     raise RuntimeError("boom")
    ... except RuntimeError as error:
    ...     OneLine().format(
    ...         logging.makeLogRecord({"msg": "It crashed", "exc_info": (..., error)})
    ...     )
    "It crashed: RuntimeError('boom')"
    """

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the exception behind it."""
        error = record.exc_info[1] if record.exc_info else None
        message = record.getMessage()
        return message if error is None else f"{message}: {error!r}"
