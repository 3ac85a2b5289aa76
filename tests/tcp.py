"""Servers of plain TCP that leave no connection behind."""

import asyncio
from contextlib import asynccontextmanager

__all__ = ["listening"]


@asynccontextmanager
async def listening(serve, port=0, **options):
    """Serve each connection by a function of its reader and writer.

    Args:
        serve: A coroutine function.
        port: Where; any free one if 0.
        options: As `asyncio.start_server` takes them.

    Yields:
        The port.
    """
    served = {}

    async def accept(reader, writer):
        served[asyncio.current_task()] = writer
        await serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", port, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in served.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*served, return_exceptions=True)
