"""examples/supabase_worker.py: a worker that broadcasts wake."""

import runpy
import threading
import time

import pytest

from rx_phoenix.testing.supabase import SupabaseServer
from tests.blocking.served import served
from tests.examples.program import EXAMPLES, running

SOURCE = EXAMPLES / "supabase_worker.py"

TOPIC = "worker:submit:account:cluster"


@pytest.fixture(scope="module")
def place():
    with served(SupabaseServer) as place:
        yield place


@pytest.fixture
def calls():
    return []


class Signing:
    """A function that signs in: it blocks, and fails at first."""

    def __init__(self, place):
        self.place = place
        self.tokens = []
        self.failures = 1

    def __call__(self):
        time.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise OSError("no network yet")
        self.tokens.append(self.place.do(self.place.server.token))
        return self.tokens[-1]


@pytest.fixture
def sign_in(place):
    return Signing(place)


def until(holds):
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def worker(place, sign_in, calls):
    work = {
        "pending_conversations": lambda: calls.append("conversations"),
        "pending_tool_calls": lambda: calls.append("tool calls"),
    }
    make = runpy.run_path(str(SOURCE))["Worker"]
    worker = make(place.url, place.server.api_key, sign_in, TOPIC, work)
    worker.start()
    yield worker
    worker.stop()


def test_the_example_has_at_most_60_lines():
    assert len(SOURCE.read_text().splitlines()) <= 60


def test_broadcasts_wake_it_and_so_does_each_join(place, worker, sign_in, calls):
    until(worker.is_connected)
    until(lambda: len(calls) == 2)
    place.do(lambda: place.server.send(TOPIC, "pending_conversations", {}))
    place.do(lambda: place.server.send(TOPIC, "pending_tool_calls", {}))
    until(lambda: len(calls) == 4)
    assert sorted(calls[:2]) == ["conversations", "tool calls"]
    assert calls[2:] == ["conversations", "tool calls"]

    # An expired token: it is back with a fresh one.
    place.do(lambda: place.server.expire(sign_in.tokens[-1]))
    until(lambda: len(calls) == 6)
    assert len(sign_in.tokens) == 2

    # A restart.
    place.do(place.server.stop)
    place.do(place.server.start)
    until(lambda: len(calls) == 8)
    until(worker.is_connected)


def test_it_stops(place, worker):
    def of_this_server():
        threads = threading.enumerate()
        return [it for it in threads if f":{place.server.port}" in it.name]

    until(worker.is_connected)
    worker.stop()

    assert not worker.is_connected()
    until(lambda: not of_this_server())


async def test_it_runs():
    async with (
        SupabaseServer(may=lambda *_: True) as server,
        running("supabase_worker.py", "--url", server.url) as program,
    ):
        await program.said("Woken")
        server.send("room", "tick", {})
        await program.said("Woken")
        program.interrupt()
        await program.end()
