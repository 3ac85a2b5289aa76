"""Calls that a virtual loop has yet to make."""

import asyncio
from functools import partial

from rx_phoenix.testing.loop import VirtualLoop
from rx_phoenix.testing.timer import name_of


def test_a_timer_says_what_it_calls_when_and_where_it_was_armed():
    timer = VirtualLoop().call_later(2, print)

    here = "test_a_timer_says_what_it_calls_when_and_where_it_was_armed"
    assert str(timer).startswith(
        f"print at 2 s, armed in {here} (tests/testing/test_timer.py:"
    )


def test_a_partial_goes_by_the_name_of_its_function():
    assert name_of(partial(partial(print), 1)) == "print"


def test_an_object_without_a_name_is_shown():
    assert name_of(3) == "3"


async def wait(event):
    await event.wait()


async def wrap(event):
    await wait(event)


def test_a_step_of_a_task_goes_by_the_name_of_its_innermost_coroutine():
    loop = VirtualLoop()
    event = asyncio.Event()
    task = loop.create_task(wrap(event))
    loop.advance_to(0)

    task.cancel()

    assert name_of(task.cancel) == "wait (a task)"
    assert "wait (a task) at 0 s" in str(loop.pending[0])
    loop.advance_to(0)
