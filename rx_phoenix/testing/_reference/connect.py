"""Admission to the reference app, decided by the parameter ``token``."""

import asyncio

from rx_phoenix.testing._server import ConnectRefused, ServerSocket

__all__ = ["connect", "connect_tuned"]


async def connect(socket: ServerSocket) -> None:
    """Accept a client with the ``user_id`` of its params.

    Args:
        socket: The client. The token ``slow`` takes two seconds.

    Raises:
        ConnectRefused: The token is ``bad``, ``unauthorized`` or ``rate``.
        RuntimeError: The token is ``raise``.
    """
    match socket.params.get("token"):
        case "bad" | "unauthorized" | "rate":
            raise ConnectRefused
        case "raise":
            raise RuntimeError("connect was asked to raise")
        case "slow":
            await asyncio.sleep(2.0)
        case _:
            pass
    if "user_id" in socket.params:
        socket.id = f"user:{socket.params['user_id']}"


async def connect_tuned(socket: ServerSocket) -> None:
    """Do the same with a status and a body, as a custom ``error_handler`` can.

    Args:
        socket: The client.

    Raises:
        ConnectRefused: With 401 for ``unauthorized``, with 429 for ``rate``.
    """
    match socket.params.get("token"):
        case "unauthorized":
            raise ConnectRefused(401, "unauthorized")
        case "rate":
            raise ConnectRefused(429, "too many", {"Retry-After": "7"})
        case _:
            await connect(socket)
