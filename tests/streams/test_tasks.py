from asyncio import CancelledError, sleep

import pytest

from rx_phoenix._streams.tasks import Tasks
from rx_phoenix.testing._time.scheduler import VirtualScheduler


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def tasks(time):
    return Tasks(lambda: time)


def spawn(tasks, log, awaitable):
    return tasks.spawn(
        awaitable,
        lambda value: log.append(("value", value)),
        lambda error: log.append(("error", repr(error))),
    )


def wait(log, seconds=1, value=None):
    async def wait():
        try:
            await sleep(seconds)
        except CancelledError:
            log.append("cancelled")
            raise
        return value

    return wait()


def test_a_result_arrives_later(tasks, time, log):
    spawn(tasks, log, wait(log, 1, "done"))
    time.advance_by(1)

    assert log == [("value", "done")]


def test_an_exception_arrives_instead(tasks, time, log):
    async def fail():
        raise KeyError("no")

    spawn(tasks, log, fail())
    time.advance_by(0)

    assert log == [("error", "KeyError('no')")]


def test_disposing_one_cancels_it_silently(tasks, time, log):
    task = spawn(tasks, log, wait(log))
    other = spawn(tasks, log, wait(log, 1, "other"))
    time.advance_by(0)
    task.dispose()
    time.advance_by(1)
    other.dispose()

    assert log == ["cancelled", ("value", "other")]


def test_all_are_called_off_at_once(tasks, time, log):
    for _ in range(3):
        spawn(tasks, log, wait(log))
    time.advance_by(0)
    tasks.dispose()
    time.advance_by(60)

    assert log == ["cancelled"] * 3


def test_one_that_has_ended_is_called_off_no_more(tasks, time, log):
    spawn(tasks, log, wait(log, 1, "done"))
    time.advance_by(1)
    tasks.dispose()
    time.advance_by(1)

    assert log == [("value", "done")]


def test_what_is_spawned_later_runs(tasks, time, log):
    tasks.dispose()
    spawn(tasks, log, wait(log, 1, "later"))
    time.advance_by(1)

    assert log == [("value", "later")]


def test_one_may_call_off_all_from_inside_itself(tasks, time, log):
    async def end():
        tasks.dispose()
        await sleep(1)
        log.append("went on")

    spawn(tasks, log, end())
    spawn(tasks, log, wait(log))
    time.advance_by(1)

    assert log == ["went on"]


def test_the_scheduler_is_asked_for_when_it_is_needed(log):
    def scheduler():
        log.append("asked")
        return VirtualScheduler()

    Tasks(scheduler).dispose()

    assert log == []
