"""Who reports where, and in which context."""

import asyncio
from contextvars import ContextVar

import pytest

from rx_phoenix._streams.reporter import (
    PRESENT,
    CallContext,
    Home,
    LoopReporter,
    check_caller,
    run_on_loop,
)
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.testing import VirtualScheduler

place = ContextVar("place", default="nowhere")


class Reporter(LoopReporter):
    """The reporter of a loop that a test chooses."""

    def __init__(self, bound=None):
        self.home = Home(bound)
        self.reported = []

    def __call__(self, error):
        self.reported.append(error)


def test_one_without_a_loop_checks_nothing():
    check_caller(print)
    check_caller(Reporter())


async def test_on_its_loop_a_caller_passes():
    check_caller(Reporter(LoopScheduler.current()))


async def test_on_another_thread_it_does_not():
    reporter = Reporter(LoopScheduler.current())

    with pytest.raises(UsageError, match="call_soon_threadsafe"):
        await asyncio.to_thread(check_caller, reporter)
    assert reporter.reported == []


def test_between_two_advances_of_virtual_time_it_passes():
    check_caller(Reporter(VirtualScheduler()))


async def test_a_call_from_elsewhere_hops_to_the_loop(log):
    loop = asyncio.get_running_loop()
    reporter = Reporter(LoopScheduler.current())
    done = asyncio.Event()

    def call():
        log.append(asyncio.get_running_loop() is loop)
        done.set()

    await asyncio.to_thread(run_on_loop, reporter, call)
    await done.wait()
    run_on_loop(reporter, call)
    run_on_loop(print, call)

    assert log == [True, True, True]


def test_a_call_for_a_loop_that_has_ended_is_not_made(log):
    async def main():
        return LoopScheduler.current()

    reporter = Reporter(asyncio.run(main()))

    async def elsewhere():
        run_on_loop(reporter, lambda: log.append("called"))

    asyncio.run(elsewhere())

    assert log == []


# Contexts.


def test_a_function_runs_in_the_context_of_its_registration():
    place.set("registered")
    context = CallContext.of(print)
    place.set("called")

    assert context.run(place.get) == "registered"
    assert PRESENT.run(place.get) == "called"


def test_a_context_that_is_entered_already_is_not_entered_again():
    context = CallContext.of(print)

    def outer():
        place.set("outer")
        return context.run(place.get)

    assert context.run(outer) == "outer"


def test_a_context_can_be_entered_again_after_an_exception():
    place.set("registered")
    context = CallContext.of(print)
    place.set("called")
    with pytest.raises(ZeroDivisionError):
        context.run(lambda: 1 / 0)

    assert context.run(place.get) == "registered"


def test_in_virtual_time_everything_runs_in_the_context_of_the_test():
    place.set("registered")
    context = CallContext.of(Reporter(VirtualScheduler()))
    place.set("called")

    assert context.run(place.get) == "called"


async def test_a_detached_scheduler_takes_nothing_from_the_caller():
    place.set("request")
    scheduler = LoopScheduler.current().detached()
    seen, done = [], asyncio.Event()

    def note():
        seen.append(place.get())
        if len(seen) == 3:
            done.set()

    async def work():
        note()

    scheduler.run_detached(note)
    scheduler.call_later(0.0, note)
    scheduler.spawn(work())
    await done.wait()

    assert seen == ["nowhere"] * 3
    assert place.get() == "request"
