"""The transport of a socket that was given none."""

import json
import subprocess
import sys

CONNECT = """
import asyncio, json, sys, threading

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "aiohttp":
            threads.append(threading.current_thread() is threading.main_thread())

threads = []
sys.meta_path.insert(0, Finder())
from rx_phoenix import ConnectError, Reconnect, Socket

async def main():
    once = Reconnect(give_up=lambda _: True)
    socket = Socket("ws://127.0.0.1:1/socket", reconnect=once)
    before = [*threads]
    try:
        await socket.connect()
    except ConnectError as error:
        return before, threads, str(error)
    finally:
        await socket.aclose()

print(json.dumps(asyncio.run(main())))
"""


def test_it_is_imported_at_the_first_attempt_in_a_thread():
    command = [sys.executable, "-c", CONNECT]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    before, is_main_thread, error = json.loads(done.stdout)

    assert (before, is_main_thread) == ([], [False])
    assert "127.0.0.1:1" in error
