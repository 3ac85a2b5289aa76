import asyncio
import gc
import threading
import weakref
from datetime import timedelta
from time import time

import pytest
import reactivex as rx
from reactivex import operators as ops

from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError


class Boom(Exception):
    pass


@pytest.fixture
async def scheduler():
    return LoopScheduler.current()


async def settle():
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


# The loop.


async def test_the_current_one_belongs_to_the_loop_that_runs():
    assert LoopScheduler.current().loop is asyncio.get_running_loop()


def test_without_a_loop_there_is_no_current_one():
    with pytest.raises(UsageError, match=r"asyncio\.run"):
        LoopScheduler.current()


def test_its_loop_need_not_run_yet():
    loop = asyncio.new_event_loop()
    scheduler = LoopScheduler(loop)
    scheduler.call_later(0, loop.stop)
    loop.run_forever()
    loop.close()

    assert scheduler.loop is loop


# The clock.


async def test_its_time_of_day_is_that_of_reactivex(scheduler):
    difference = rx.scheduler.CurrentThreadScheduler().now - scheduler.now

    assert abs(difference) < timedelta(seconds=1)


async def test_its_clock_goes_forward(scheduler):
    instants = [(scheduler.monotonic(), scheduler.now) for _ in range(3)]

    assert instants == sorted(instants)


async def test_both_clocks_measure_the_same(scheduler):
    def look():
        return scheduler.monotonic(), scheduler.now, scheduler.monotonic()

    # A machine that is busy may pause between two looks.
    early, began, late = look()
    await asyncio.sleep(0.02)
    early_2, ended, late_2 = look()

    passed = (ended - began).total_seconds()
    assert early_2 - late - 0.01 <= passed <= late_2 - early + 0.01


# Timers.


async def test_a_timer_calls_on_the_loop(scheduler):
    called = asyncio.Event()
    scheduler.call_later(0, called.set)

    await called.wait()


async def test_a_disposed_timer_is_silent(scheduler):
    called = []
    timer = scheduler.call_later(0, lambda: called.append("timer"))
    timer.dispose()
    timer.dispose()
    await settle()

    assert called == []


async def test_two_hundred_pending_timers_need_no_thread(scheduler):
    threads = threading.active_count()
    timers = [rx.timer(60, scheduler=scheduler).subscribe() for _ in range(200)]
    during = threading.active_count()
    for timer in timers:
        timer.dispose()

    assert during == threads


async def test_another_thread_gets_in_by_one_way(scheduler):
    done = asyncio.get_running_loop().create_future()

    def on_the_loop():
        done.set_result(threading.get_ident())

    thread = threading.Thread(
        target=scheduler.call_soon_threadsafe, args=(on_the_loop,)
    )
    thread.start()

    assert await done == threading.get_ident()
    thread.join()


# reactivex's scheduling.


async def test_immediate_work_runs_at_once(scheduler):
    ran = []
    scheduler.schedule(lambda given, state: ran.append((given, state)), "state")

    assert ran == [(scheduler, "state")]


async def test_immediate_work_inside_immediate_work_comes_after_it(scheduler):
    order = []

    def outer(*_):
        scheduler.schedule(lambda *_: order.append("inner"))
        order.append("outer")

    scheduler.schedule(outer)

    assert order == ["outer", "inner"]


async def test_delayed_work_runs_on_the_loop(scheduler):
    ran = asyncio.get_running_loop().create_future()

    def action(given, state):
        ran.set_result((given, state, threading.get_ident()))

    scheduler.schedule_relative(timedelta(milliseconds=1), action, "state")

    assert await ran == (scheduler, "state", threading.get_ident())


@pytest.mark.parametrize("delay", [0, 0.0, -1, timedelta(0)])
async def test_work_without_delay_waits_for_the_loop_all_the_same(scheduler, delay):
    ran = []
    scheduler.schedule_relative(delay, lambda *_: ran.append("ran"))
    before = list(ran)
    await settle()

    assert before == []
    assert ran == ["ran"]


async def test_disposed_work_does_not_run(scheduler):
    ran = []
    scheduler.schedule_relative(0, lambda *_: ran.append("ran")).dispose()
    await settle()

    assert ran == []


async def test_disposing_work_that_ran_disposes_what_it_began(scheduler):
    ended = []

    def begin(*_):
        return rx.disposable.Disposable(lambda: ended.append("ended"))

    work = scheduler.schedule_relative(0, begin)
    await settle()
    work.dispose()

    assert ended == ["ended"]


async def test_work_can_be_due_at_a_time_of_day(scheduler):
    ran = asyncio.Event()
    due = scheduler.now + timedelta(milliseconds=5)
    scheduler.schedule_absolute(due, lambda *_: ran.set())

    await ran.wait()
    assert scheduler.now >= due


async def test_work_due_in_the_past_runs_soon(scheduler):
    ran = []
    due = scheduler.now - timedelta(hours=1)
    scheduler.schedule_absolute(due, lambda *_: ran.append("ran"))
    await settle()

    assert ran == ["ran"]


async def test_work_can_be_periodic(scheduler):
    done = asyncio.Event()
    states = []

    def action(state):
        states.append(state)
        if state == 3:
            done.set()
        return state + 1

    work = scheduler.schedule_periodic(0.001, action, 1)
    await done.wait()
    work.dispose()

    assert states == [1, 2, 3]


TIME_OPERATORS = {
    "timer": lambda hub, s: rx.timer(0.001, scheduler=s),
    "interval": lambda hub, s: rx.interval(0.001, scheduler=s),
    "delay": lambda hub, s: hub.pipe(ops.delay(0.001, scheduler=s)),
    "debounce": lambda hub, s: hub.pipe(ops.debounce(0.001, scheduler=s)),
    "sample": lambda hub, s: hub.pipe(ops.sample(0.001, scheduler=s)),
    "buffer": lambda hub, s: hub.pipe(ops.buffer_with_time(0.001, scheduler=s)),
    "timeout": lambda hub, s: hub.pipe(
        ops.skip(1), ops.timeout(0.001, rx.just("late"), scheduler=s)
    ),
    "take_with_time": lambda hub, s: hub.pipe(
        ops.take_with_time(0.001, scheduler=s), ops.materialize()
    ),
    "delay_subscription": lambda hub, s: rx.just(1).pipe(
        ops.delay_subscription(0.001, scheduler=s)
    ),
    "marbles": lambda hub, s: rx.from_marbles("-a", 0.001, scheduler=s),
}


@pytest.mark.parametrize("operator", TIME_OPERATORS.values(), ids=TIME_OPERATORS.keys())
async def test_an_operator_of_time_stays_on_the_loops_thread(scheduler, operator):
    hub = Hub(print)
    told = asyncio.get_running_loop().create_future()
    threads = threading.active_count()

    def tell(_):
        if not told.done():
            told.set_result((threading.get_ident(), threading.active_count()))

    subscription = operator(hub.observable, scheduler).subscribe(tell)
    hub.on_next(1)

    thread, count = await asyncio.wait_for(told, 20)
    subscription.dispose()
    assert thread == threading.get_ident()
    assert count <= threads  # one of another test may have ended


# Tasks.


async def test_a_spawned_result_arrives(scheduler, log):
    async def work():
        return 7

    scheduler.spawn(work(), log.append)
    before = list(log)
    await settle()

    assert before == []
    assert log == [7]


async def test_a_spawned_failure_arrives(scheduler, log):
    async def work():
        raise Boom

    scheduler.spawn(work(), print, log.append)
    await settle()

    assert [type(error) for error in log] == [Boom]


async def test_any_awaitable_can_be_spawned(scheduler, log):
    future = asyncio.get_running_loop().create_future()
    scheduler.spawn(future, log.append)
    future.set_result(7)
    await settle()

    assert log == [7]


async def test_a_spawned_result_may_interest_nobody(scheduler):
    async def work():
        raise Boom

    scheduler.spawn(work())
    await settle()


async def test_a_disposed_task_is_cancelled_silently(scheduler, log):
    ended = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    task = scheduler.spawn(work(), log.append, log.append)
    await settle()
    task.dispose()
    task.dispose()
    await settle()

    assert ended == ["ended"]
    assert log == []


async def test_a_task_that_was_disposed_before_it_began_leaves_no_warning(
    scheduler, log
):
    async def work():
        """Never begins."""

    scheduler.spawn(work(), log.append, log.append).dispose()
    await settle()
    gc.collect()

    assert log == []


async def test_a_task_that_disposes_itself_runs_to_its_end(scheduler, log):
    ended = []

    async def work():
        task.dispose()
        await asyncio.sleep(0)
        ended.append("ended")

    task = scheduler.spawn(work(), log.append, log.append)
    await settle()

    assert ended == ["ended"]
    assert log == []


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), GeneratorExit()], ids=["cancelled", "exit"]
)
async def test_a_task_that_ends_without_an_exception_is_a_failure(
    scheduler, log, error
):
    async def work():
        raise error

    scheduler.spawn(work(), print, log.append)
    await settle()

    assert [type(failure) for failure in log] == [RuntimeError]
    assert isinstance(log[0].__cause__, type(error))


async def test_a_task_that_is_cancelled_from_elsewhere_is_a_failure(scheduler, log):
    tasks = []

    async def work():
        tasks.append(asyncio.current_task())
        await asyncio.Event().wait()

    scheduler.spawn(work(), print, log.append)
    await settle()
    tasks[0].cancel()
    await settle()

    assert [type(failure) for failure in log] == [RuntimeError]


async def test_a_task_that_nobody_holds_is_not_collected(scheduler, log):
    futures = weakref.WeakSet()

    async def work():
        future = asyncio.get_running_loop().create_future()
        futures.add(future)
        return await future

    scheduler.spawn(work(), log.append)
    await settle()
    gc.collect()
    for future in futures:
        future.set_result(7)
    await settle()

    assert log == [7]


# Watches.


async def test_the_wall_clock_is_the_machines(scheduler):
    assert abs(scheduler.wall_clock() - time()) < 60


async def test_a_watch_is_called_again_and_again_until_its_end(scheduler, monkeypatch):
    monkeypatch.setattr("rx_phoenix._streams.scheduler.WATCH_PERIOD", 0.001)
    calls, enough = [], asyncio.Event()

    def look():
        calls.append(scheduler.monotonic())
        if len(calls) == 3:
            watch.dispose()
            enough.set()

    watch = scheduler.watch(look)
    await asyncio.wait_for(enough.wait(), 10)
    await asyncio.sleep(0.005)

    assert len(calls) == 3


# The end of a program.


def ended(begin):
    """What a task notes that runs when its program ends."""
    notes = []

    async def main():
        scheduler = LoopScheduler.current()
        begin(scheduler, notes)
        await asyncio.sleep(0)

    with asyncio.Runner() as runner:
        runner.run(main())
    return notes


def test_a_task_that_is_cancelled_with_its_program_has_no_outcome():
    def begin(scheduler, notes):
        scheduler.spawn(
            asyncio.sleep(100),
            notes.append,
            notes.append,
            on_end=lambda: notes.append("end"),
        )

    assert ended(begin) == ["end"]


def test_nothing_begins_when_the_program_ends():
    def begin(scheduler, notes):
        async def more():
            notes.append("more")

        def again():
            scheduler.spawn(more(), on_end=lambda: notes.append("refused"))

        scheduler.spawn(asyncio.sleep(100), on_end=again)

    assert ended(begin) == ["refused"]


async def test_a_task_that_other_code_cancels_in_the_midst_has_an_error(scheduler):
    errors = []

    async def cancelled():
        asyncio.current_task().cancel()
        await asyncio.sleep(100)

    scheduler.spawn(cancelled(), on_error=errors.append)
    await settle()

    assert [type(error) for error in errors] == [RuntimeError]
