"""An event loop in a daemon thread."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rx_phoenix import UsageError
from rx_phoenix.blocking import _thread
from rx_phoenix.blocking._thread import LoopThread, call_in_thread


@pytest.fixture
def thread():
    thread = LoopThread("loop under test")
    yield thread
    thread.stop()


def test_a_call_returns_what_its_function_returned(thread):
    assert thread.call(lambda: 7, 1) == 7


def test_a_call_awaits_what_can_be_awaited(thread):
    assert thread.call(lambda: asyncio.sleep(0, "slept"), 1) == "slept"


def test_a_call_raises_what_its_function_raised(thread):
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: 1 / 0, 1)


def test_all_calls_run_in_one_daemon_thread(thread):
    with ThreadPoolExecutor(8) as pool:
        ran = {*pool.map(lambda _: thread.call(threading.current_thread, 1), range(64))}

    [only] = ran
    assert (only.daemon, only.name) == (True, "loop under test")


def test_a_blocked_loop_is_reported(thread, monkeypatch):
    monkeypatch.setattr(_thread, "GRACE", 0.05)
    blocked = threading.Event()
    thread.call(lambda: None, 1)
    thread.post(lambda: blocked.wait(5))

    with pytest.raises(TimeoutError, match="something blocks it"):
        thread.call(lambda: None, 0.05)
    blocked.set()


def test_a_timeout_of_the_function_itself_is_its_own(thread):
    async def fail():
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        thread.call(fail, 1)


def test_the_end_of_the_loop_ends_calls_that_wait(thread):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(thread.call, lambda: asyncio.sleep(60), None)
        thread.call(lambda: None, 1)
        time.sleep(0.01)
        thread.stop()

        with pytest.raises(UsageError, match="closed during this call"):
            waiting.result(5)


def test_after_the_end_a_call_is_refused_and_a_post_ignored(thread):
    thread.call(lambda: None, 1)
    thread.stop()
    thread.post(pytest.fail)

    with pytest.raises(UsageError, match="create a new one"):
        thread.call(lambda: None, 1)
    assert (thread.is_running, thread.is_stopped) == (False, True)


def test_a_function_may_block_in_a_thread_of_its_own(thread):
    async def both():
        ran = await asyncio.gather(*[call_in_thread(barrier.wait) for _ in range(2)])
        return len(ran)

    barrier = threading.Barrier(2, timeout=5)

    assert thread.call(both, 5) == 2


def test_an_exception_of_such_a_function_is_raised_where_it_is_awaited(thread):
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: call_in_thread(lambda: 1 / 0), 5)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, StopIteration])
def test_one_that_would_end_the_loop_is_the_cause_of_another(thread, end):
    def fail():
        raise end("at once")

    with pytest.raises(RuntimeError, match="at once"):
        thread.call(lambda: call_in_thread(fail), 5)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_an_exception_that_leaves_the_loop_does_not_end_it(thread, caplog, end):
    def fail():
        raise end("at once")

    thread.call(lambda: None, 1)
    thread.post(fail)

    assert thread.call(lambda: 7, 5) == 7
    assert "event loop's thread raised" in caplog.text


def test_a_wait_for_such_a_function_can_be_cancelled(thread):
    released = threading.Event()

    async def give_up():
        async with asyncio.timeout(0.02):
            await call_in_thread(lambda: released.wait(5))

    with pytest.raises(TimeoutError):
        thread.call(give_up, 5)
    released.set()
    assert thread.call(lambda: 1, 1) == 1
