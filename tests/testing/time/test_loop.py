"""An asyncio loop in virtual time."""

import asyncio
import gc

import pytest

from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.loop import VirtualLoop


@pytest.fixture
def loop():
    loop = VirtualLoop()
    yield loop
    loop.close()


@pytest.fixture
def log():
    return []


def run(loop, coroutine):
    return loop.run_until_complete(coroutine)


# Order and time


def test_calls_of_one_instant_run_in_the_order_in_which_they_were_armed(loop, log):
    for name in "abc":
        loop.call_later(1, log.append, name)

    loop.advance_to(1)

    assert log == ["a", "b", "c"]


def test_an_earlier_call_runs_before_a_later_one(loop, log):
    loop.call_later(2, log.append, "later")
    loop.call_later(1, log.append, "earlier")

    loop.advance_to(3)

    assert log == ["earlier", "later"]


def test_a_due_timer_waits_for_earlier_call_soon(loop, log):
    loop.call_soon(log.append, 1)
    loop.call_later(0, log.append, 2)

    loop.advance_to(0)

    assert log == [1, 2]


def test_a_call_sees_its_own_time(loop, log):
    loop.call_later(1.5, lambda: log.append(loop.time()))

    loop.advance_to(4)

    assert (log, loop.time()) == ([1.5], 4)


def test_sums_of_delays_meet_at_one_instant(loop, log):
    loop.call_later(0.1, lambda: loop.call_later(0.2, lambda: log.append(loop.time())))

    loop.advance_to(0.3)

    assert log == [0.3]


def test_a_call_armed_for_the_past_runs_now(loop, log):
    loop.advance_to(5)
    loop.call_at(1, lambda: log.append(loop.time()))

    loop.advance_to(5)

    assert log == [5]


def test_advance_before_leaves_the_calls_due_at_that_instant(loop, log):
    loop.call_later(1, log.append, "before")
    loop.call_later(2, log.append, "at")

    loop.advance_before(2)

    assert (log, loop.time()) == (["before"], 2)


def test_an_idle_call_waits_until_nothing_else_is_due(loop, log):
    async def work():
        for _ in range(5):
            await asyncio.sleep(0)
        log.append("worked")

    loop.call_idle(lambda: log.append("idle"))
    task = loop.create_task(work())
    loop.call_later(0, log.append, "due")
    assert len(loop.pending) == 3
    loop.advance_to(0)

    assert (log, task.done()) == (["due", "worked", "idle"], True)


def test_a_cancelled_call_is_not_made(loop, log):
    loop.call_later(1, log.append, "later").cancel()
    loop.call_soon(log.append, "soon").cancel()

    loop.advance_to(1)

    assert (log, loop.pending) == ([], ())


def test_the_pending_calls_are_those_yet_to_be_made(loop):
    late = loop.call_later(2, print)
    soon = loop.call_soon(print)
    loop.call_later(1, print).cancel()

    assert loop.pending == (soon, late)


# asyncio on it


def test_an_hour_of_asyncio_sleep_takes_no_real_time(loop):
    run(loop, asyncio.sleep(3600))

    assert loop.time() == 3600


def test_a_timeout_ends_a_wait(loop):
    async def wait():
        async with asyncio.timeout(5):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run(loop, wait())

    assert loop.time() == 5


def test_wait_for_cancels_a_late_awaitable(loop, log):
    async def slow():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            log.append(loop.time())
            raise

    with pytest.raises(TimeoutError):
        run(loop, asyncio.wait_for(slow(), 3))

    assert log == [3]


def test_a_queue_joins_two_tasks(loop, log):
    async def produce(queue):
        for number in range(3):
            await asyncio.sleep(1)
            await queue.put(number)

    async def consume(queue):
        for _ in range(3):
            log.append((await queue.get(), loop.time()))

    async def both():
        queue = asyncio.Queue()
        await asyncio.gather(produce(queue), consume(queue))

    run(loop, both())

    assert log == [(0, 1), (1, 2), (2, 3)]


def test_a_task_group_waits_for_its_tasks(loop):
    async def group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(1))
            tasks.create_task(asyncio.sleep(2))

    run(loop, group())

    assert loop.time() == 2


def test_an_abandoned_async_generator_is_closed(loop, log):
    async def numbers():
        try:
            yield 1
        finally:
            log.append("closed")

    async def first():
        async for _ in numbers():
            break

    run(loop, first())
    gc.collect()
    loop.advance_to(1)

    assert log == ["closed"]


def test_a_task_has_a_name(loop):
    async def name():
        return asyncio.current_task().get_name()

    assert run(loop, loop.create_task(name(), name="Ada")) == "Ada"


def test_the_loop_is_the_running_one_while_the_clock_moves(loop, log):
    loop.call_soon(lambda: log.append(asyncio.get_running_loop()))

    loop.advance_to(0)

    assert log == [loop]
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_the_loop_reports_whether_it_is_running(loop):
    with loop.running():
        assert loop.is_running()

    assert not loop.is_running()


def test_a_call_from_another_thread_is_made_at_the_next_move(loop, log):
    loop.call_soon_threadsafe(log.append, 1)

    loop.advance_to(0)

    assert log == [1]


def test_debugging_can_be_turned_on(loop):
    loop.set_debug(enabled=True)

    assert loop.get_debug()


def test_a_wait_ended_by_an_exception_is_cancelled(loop, log):
    async def wait():
        try:
            await asyncio.sleep(10)
        finally:
            log.append("cancelled")

    loop.call_later(1, fail)
    with pytest.raises(ValueError, match="mine"):
        run(loop, wait())

    loop.advance_to(1)
    assert log == ["cancelled"]


def test_a_wait_that_nothing_can_end_is_an_error(loop):
    with pytest.raises(
        UsageError, match=r"^Future, awaited in .*test_loop.*never ends"
    ):
        run(loop, loop.create_future())


def test_a_wait_that_is_too_long_ends_at_its_limit(loop):
    def tick():
        loop.call_later(1, tick)

    async def wait_for_rain():
        await asyncio.Event().wait()

    tick()
    place = r"wait_for_rain\(\), waiting in .*wait_for_rain \(tests/.*:\d+\)"
    with pytest.raises(UsageError, match=rf"{place}, did not end within 60\.5 s"):
        loop.run_until_complete(wait_for_rain(), within=60.5)

    assert loop.time() == 60.5


# Errors


def fail():
    raise ValueError("mine")


def test_an_exception_of_a_call_is_raised_with_its_traceback(loop):
    loop.call_soon(fail)

    with pytest.raises(ValueError, match="mine") as raised:
        loop.advance_to(1)

    assert raised.traceback[-1].name == "fail"


def test_after_an_exception_the_rest_still_runs(loop, log):
    loop.call_later(1, fail)
    loop.call_later(1, log.append, "sibling")
    with pytest.raises(ValueError, match="mine"):
        loop.advance_to(2)

    loop.advance_to(2)

    assert (log, loop.time()) == (["sibling"], 2)


def test_an_exception_of_an_unawaited_task_is_raised(loop):
    async def task():
        fail()

    tasks = [loop.create_task(task())]
    loop.advance_to(0)
    tasks.clear()
    gc.collect()

    with pytest.raises(ValueError, match="mine"):
        loop.advance_to(1)


def test_an_exception_handler_replaces_raising(loop, log):
    loop.set_exception_handler(lambda _, context: log.append(context["exception"]))
    loop.call_soon(fail)

    loop.advance_to(1)

    assert repr(log) == "[ValueError('mine')]"
    assert loop.get_exception_handler() is not None


def test_a_complaint_of_asyncio_without_an_exception_is_raised_too(loop):
    loop.call_exception_handler({"message": "a complaint"})

    with pytest.raises(RuntimeError, match="a complaint"):
        loop.advance_to(0)


def test_the_clock_does_not_go_back(loop):
    loop.advance_to(2)

    with pytest.raises(UsageError, match="is at 2 s and cannot go back to 1 s"):
        loop.advance_to(1)


def test_a_call_in_virtual_time_cannot_advance_the_clock(loop):
    loop.call_soon(loop.advance_to, 3)

    with pytest.raises(UsageError, match="already being advanced"):
        loop.advance_to(1)


async def test_the_clock_does_not_move_inside_another_loop(loop):
    with pytest.raises(UsageError, match="plain `def` instead of `async def`"):
        loop.advance_to(1)


def poll(loop):
    loop.call_soon(poll, loop)


def test_endless_calls_at_one_instant_are_named():
    loop = VirtualLoop(limit=100)
    loop.call_soon(poll, loop)

    with pytest.raises(UsageError, match=r"more than 100 calls at 0 s.* Next is poll"):
        loop.advance_to(1)


def test_an_endless_task_at_one_instant_is_named():
    async def spin():
        while True:  # noqa: ASYNC110 - the very loop to be caught
            await asyncio.sleep(0)

    loop = VirtualLoop(limit=100)
    task = loop.create_task(spin())

    with pytest.raises(UsageError, match=r"spin \(a task\)"):
        loop.advance_to(1)

    task.cancel()
    loop.advance_to(1)


def test_as_many_calls_as_the_limit_are_fine(log):
    loop = VirtualLoop(limit=100)
    for number in range(100):
        loop.call_soon(log.append, number)

    loop.advance_to(0)

    assert len(log) == 100


def test_a_closed_loop_refuses_calls(loop):
    loop.call_soon(print)
    loop.close()

    assert (loop.is_closed(), loop.pending) == (True, ())
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.advance_to(0)
