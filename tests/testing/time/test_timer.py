"""Pending calls of a virtual loop."""

import asyncio
from functools import partial

from rx_phoenix.testing._time.loop import VirtualLoop
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._time.timer import name_of, waiting_at


def test_a_timer_shows_its_callback_time_and_call_site():
    timer = VirtualLoop().call_later(2, print)

    here = "test_a_timer_shows_its_callback_time_and_call_site"
    assert str(timer).startswith(
        f"print at 2 s, armed in {here} (tests/testing/time/test_timer.py:"
    )


def test_a_partial_is_named_after_its_function():
    assert name_of(partial(partial(print), 1)) == "print"


def test_an_object_without_a_name_is_shown():
    assert name_of(3) == "3"


def test_an_action_of_a_scheduler_is_named_after_itself():
    scheduler = VirtualScheduler()
    scheduler.schedule_relative(1, print)

    assert str(scheduler.pending[0]).startswith("print at 1 s")


async def wait(event):
    await event.wait()


async def wrap(event):
    await wait(event)


def test_a_step_of_a_task_is_named_after_its_innermost_coroutine():
    loop = VirtualLoop()
    event = asyncio.Event()
    task = loop.create_task(wrap(event))
    loop.advance_to(0)

    task.cancel()

    assert waiting_at(task).startswith("in wait (tests/testing/time/test_timer.py:")
    assert name_of(task.cancel) == "wait (a task)"
    assert "wait (a task) at 0 s" in str(loop.pending[0])
    loop.advance_to(0)


class Once:
    def __await__(self):
        yield from asyncio.sleep(1).__await__()


def test_a_task_may_wait_for_any_awaitable():
    loop = VirtualLoop()
    with loop.running():
        task = asyncio.ensure_future(Once(), loop=loop)
    loop.advance_to(0)

    assert waiting_at(task).startswith("in Once.__await__ (tests/testing/time/")
    loop.advance_to(1)
