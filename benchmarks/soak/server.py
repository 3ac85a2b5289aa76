"""The server's process: it restarts, and tells what it holds, when it is told to.

In: ``restart`` or ``vitals``, a line each. Out: its endpoint; then a line of JSON each.
"""

import asyncio
import logging
import sys
from typing import Any

import msgspec

from benchmarks.soak.vitals import settled
from rx_phoenix.testing._server import (
    JoinError,
    PhoenixServer,
    ServerChannel,
    SocketOptions,
)

__all__ = ["Room"]

TASKS = 1
"""Those of a server at rest: the one that reads the orders."""


class Room(ServerChannel):
    """Says and does what it is asked to."""

    def join(self, params: dict[str, Any]) -> None:
        """Refuse a client that asks for it."""
        self.said = 0
        self.more = {"padding": "x" * params["padding"]} if "padding" in params else {}
        if params.get("refuse"):
            raise JoinError("as you wish")

    def handle_in(self, event: str, payload: Any, ref: Any) -> None:
        """Do what is asked, and answer."""
        match event:
            case "count":
                for _ in range(payload):
                    self.said += 1
                    self.push("tick", {"n": self.said, **self.more})
                self.reply(ref, "ok", self.said)
            case "echo":
                self.reply(ref, "ok", payload)
            case "refuse":
                self.reply(ref, "error", payload)
            case "crash":
                raise RuntimeError("as you wish")
            case "close":
                self.stop()
            case "cut":
                self.kill_transport()
            case _:
                """Silence."""


async def orders() -> asyncio.StreamReader:
    """What is told to this process."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def main() -> None:
    """Serve until the orders end."""
    logging.disable()
    options = SocketOptions(max_channels=None, idle_timeout=3600, poll_window=1)
    server = PhoenixServer({"room:*": Room}, sockets={"/socket": options})
    reader = await orders()
    async with server:
        print(server.url, flush=True)
        while order := (await reader.readline()).strip():
            answer: object = None
            if order == b"restart":
                await server.stop()
                await server.start()
            else:
                answer = await settled(TASKS)
            print(msgspec.json.encode(answer).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
