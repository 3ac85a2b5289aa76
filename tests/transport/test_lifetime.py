"""The life of a connection as an Observable, in virtual time and on a loop."""

import asyncio

from rx_phoenix import UsageError
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.lifetime import lifetime
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure, RecordingObserver


async def test_it_emits_the_connection_and_completes_at_its_end():
    notes, ending = RecordingObserver(), asyncio.Event()

    async def live(observer):
        observer.on_next("a connection")
        await ending.wait()

    lifetime(live).subscribe(notes)
    await asyncio.sleep(0)
    assert notes.values == ["a connection"]
    assert notes.is_open

    ending.set()
    await until(lambda: notes.completions)


async def test_an_exception_is_its_error():
    notes = RecordingObserver()

    async def live(observer):
        raise Failure("refused")

    lifetime(live).subscribe(notes)
    await until(lambda: notes.errors)

    assert notes.errors == [Failure("refused")]


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing sets an event
            await asyncio.sleep(0)


def test_without_a_loop_it_cannot_live():
    async def live(observer):
        raise AssertionError

    notes = RecordingObserver()
    lifetime(live).subscribe(notes)

    assert isinstance(notes.errors[0], UsageError)


def test_it_takes_the_running_loop_if_it_is_given_no_scheduler():
    lived = []

    async def live(observer):
        lived.append(asyncio.get_running_loop())

    time = VirtualScheduler()
    with time.loop.running():
        lifetime(live).subscribe()
        time.advance_by(0)

    assert lived == [time.loop]


async def test_it_lives_on_the_loop_of_its_scheduler():
    lived = []

    async def live(observer):
        lived.append(asyncio.get_running_loop())

    scheduler = LoopScheduler.current()
    ended = asyncio.Event()
    lifetime(live).subscribe(on_completed=ended.set, scheduler=scheduler)
    await ended.wait()

    assert lived == [scheduler.loop]
