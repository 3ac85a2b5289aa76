"""The two threads of a blocking socket."""

import asyncio
import atexit
import gc
import threading
import weakref

import pytest
from reactivex import of

from rx_phoenix.blocking._portal import Portal, may_block


@pytest.fixture
def ends():
    return []


@pytest.fixture
def portal(ends):
    async def aclose():
        ends.append(threading.current_thread().name)

    portal = Portal("it", aclose, 5.0)
    yield portal
    portal.close()


def test_the_object_is_ended_on_the_loop_once(portal, ends):
    portal.call(lambda: None)
    portal.close()
    portal.close()

    assert ends == ["rx_phoenix loop of it"]


def test_an_object_that_was_never_used_is_not_ended(portal, ends):
    portal.close()

    assert ends == []


def test_a_stream_is_made_on_the_loop(portal):
    made = []

    def make():
        made.append(threading.current_thread().name)
        return of(1)

    assert [*portal.iterate(make, timeout=5)] == [1]
    assert made == ["rx_phoenix loop of it"]


def test_work_is_done_on_the_worker(portal):
    done = []
    work = portal.work(lambda n: done.append((n, threading.current_thread().name)))
    portal.call(lambda: work(1))

    assert done == [(1, "rx_phoenix callbacks of it")]


def test_the_end_of_the_program_closes_it(ends, monkeypatch):
    registered = []
    monkeypatch.setattr(atexit, "register", registered.append)

    async def aclose():
        ends.append("closed")

    portal = Portal("it", aclose, 5.0)
    portal.call(lambda: None)
    [at_exit] = registered
    at_exit()

    assert ends == ["closed"]


def test_the_end_of_the_program_keeps_none_alive(monkeypatch):
    registered = []
    monkeypatch.setattr(atexit, "register", registered.append)
    gone = weakref.ref(Portal("short", asyncio.sleep, 5.0))
    gc.collect()
    registered[0]()

    assert gone() is None


def test_a_wrapped_provider_equals_another_of_the_same_function():
    assert may_block(gc.collect) == may_block(gc.collect)
    assert may_block(gc.collect) != may_block(gc.enable)


def test_a_plain_value_stays_as_it_is():
    assert may_block({"n": 1}) == {"n": 1}


def test_a_provider_is_called_in_a_thread_and_awaited_on_the_loop(portal):
    async def where():
        return threading.current_thread().name

    ask = may_block(where)
    name = may_block(lambda: threading.current_thread().name)

    assert portal.call(ask) == "rx_phoenix loop of it"
    assert portal.call(name) == "rx_phoenix provider"
