"""A server beside a program that does not await: on a loop in a thread of its own."""

import asyncio
from contextlib import contextmanager
from threading import Event, Thread

__all__ = ["Served", "served"]


class Served:
    """A server that runs on the loop of another thread.

    Attributes:
        server: The server.
        url: Its URL.
    """

    def __init__(self, server, loop):
        self.server = server
        self.url = server.url
        self._loop = loop

    def do(self, function):
        """Call a function on the server's loop; returns what it returned, awaited."""

        async def run():
            result = function()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


@contextmanager
def served(make):
    """Run the server that a function makes."""
    begun, found = Event(), []

    async def serve():
        done = asyncio.Event()
        async with make() as server:
            found.extend([Served(server, asyncio.get_running_loop()), done])
            begun.set()
            await done.wait()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert begun.wait(10)
    [place, done] = found
    try:
        yield place
    finally:
        place.do(done.set)
        thread.join()
