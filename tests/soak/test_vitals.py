"""Every kind of leak is found and named."""

import asyncio
import gc
import socket
import threading

import pytest

from benchmarks.soak.vitals import LIMITS, Vitals, settled


class Ring:
    """A reference cycle, tracked by the collector."""

    def __init__(self):
        self.itself = self


@pytest.fixture
async def before():
    return await settled(tasks=1)


async def test_an_idle_process_has_no_excess(before):
    assert Vitals.taken().excess(before) == {}


async def test_a_leaked_task_is_found(before):
    task = asyncio.create_task(asyncio.Event().wait())

    assert Vitals.taken().excess(before) == {"tasks": 1}
    task.cancel()


async def test_a_leaked_socket_is_found(before):
    with socket.socket():
        assert Vitals.taken().excess(before) == {"descriptors": 1}


async def test_a_leaked_thread_is_found(before):
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()

    assert Vitals.taken().excess(before) == {"threads": 1}
    end.set()
    thread.join()


async def test_leaked_objects_are_found(before):
    kept = [Ring() for _ in range(LIMITS["objects"] + 100)]

    assert set(Vitals.taken().excess(before)) == {"objects"}
    del kept
    gc.collect()


async def test_leaked_blocks_are_found(before):
    kept = [str(number) for number in range(LIMITS["blocks"] + 1_000)]

    assert set(Vitals.taken().excess(before)) == {"blocks"}
    del kept


async def test_leaked_memory_is_found(before):
    kept = b"x" * 2 * LIMITS["memory"]

    assert set(Vitals.taken().excess(before)) == {"memory"}
    del kept


async def test_a_task_that_ends_soon_is_awaited():
    task = asyncio.create_task(asyncio.sleep(0.01))

    assert (await settled(tasks=1)).tasks == 1
    assert task.done()
