"""Callbacks that raise, and waits that are called off, over a real socket."""

import asyncio

import pytest

from rx_phoenix import PushRefused
from tests.integration.transports import SILENT_DEATH
from tests.integration.waiting import PATIENCE, first, first_of, listing, until


class Oops(Exception):
    """What a user's callback raises."""


def fail(*_):
    raise Oops


async def fail_later(*_):
    await asyncio.sleep(0)
    raise Oops


@pytest.mark.never("longpoll", because=SILENT_DEATH)
@pytest.mark.parametrize("callback", [fail, fail_later])
async def test_a_callback_that_raises_breaks_nothing(socket, joined, callback):
    unhandled = listing(socket.unhandled)
    for event in "tick", "phx_error", "phx_reply":
        joined.on(event, callback)
    joined.on_close(callback)
    for register in socket.on_open, socket.on_close, socket.on_message:
        register(callback)
    ticks = listing(joined.events("tick"))

    joined.push("burst", {"n": 2})
    await joined.push("echo").receive("ok", callback)
    again = first(joined.joins)
    joined.push("kill_transport")
    await again
    joined.push("burst", {"n": 1})
    await joined.push("echo")
    await joined.leave()

    assert ticks == [{"i": 0}, {"i": 1}, {"i": 0}]
    assert {type(error) for error in unhandled} == {Oops}
    assert await joined.join()


async def test_a_refusal_that_nobody_looks_at_is_told(socket, joined):
    told = first_of(socket.unhandled, PushRefused)

    joined.push("fail")

    assert (await told).response == {"reason": "nope"}


async def test_what_is_removed_is_not_called(joined):
    kept, removed = [], []
    joined.on("tick", kept.append)
    joined.off("tick", joined.on("tick", removed.append))

    joined.push("burst", {"n": 1})
    await joined.push("ok")

    assert (kept, removed) == ([{"i": 0}], [])


async def test_removing_the_callbacks_of_our_own_events_breaks_nothing(joined):
    for event in "phx_reply", "phx_close", "phx_error", "phx_join", "phx_leave":
        joined.off(event)
    again = first(joined.joins)

    assert await joined.push("echo", {"n": 1}) == {"n": 1}
    joined.push("crash")
    await again
    assert await joined.leave() == {}


async def test_async_callbacks_run_one_at_a_time_and_in_order(joined):
    async def slowly(payload):
        log.append(("begin", payload["i"]))
        await asyncio.sleep(0.001 * (3 - payload["i"]))
        log.append(("end", payload["i"]))
        if payload["i"] == 2:
            done.set()

    log, done = [], asyncio.Event()
    joined.on("tick", slowly)
    joined.push("burst", {"n": 3})

    async with asyncio.timeout(PATIENCE):
        await done.wait()

    assert log == [(word, i) for i in range(3) for word in ("begin", "end")]


async def test_a_callback_may_push_and_leave(joined):
    answers = []

    async def on_tick(_):
        answers.append(await joined.push("echo", {"from": "a callback"}))
        joined.leave()

    joined.on("tick", on_tick)
    left = until(joined.states, "closed")

    joined.push("burst", {"n": 1})
    await left

    assert answers == [{"from": "a callback"}]


async def test_calling_off_a_wait_ends_that_wait_only(joined):
    push = joined.push("echo", {"n": 1})
    waits = [asyncio.ensure_future(wait_for(push)) for _ in range(2)]
    await asyncio.sleep(0)  # both wait; no answer comes within one turn of the loop

    waits[0].cancel()

    assert await waits[1] == {"n": 1}
    assert await push == {"n": 1}
    assert waits[0].cancelled()


async def wait_for(push):
    return await push


async def test_calling_off_the_wait_for_a_join_does_not_leave(app, socket):
    channel = socket.channel("room:slow", {"ms": 50})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await channel.join()

    await until(channel.states, "joined")

    assert await channel.push("echo", {"n": 1}) == {"n": 1}


async def test_calling_off_the_wait_for_a_connection_does_not_disconnect(app, socket):
    await socket.disconnect()
    waiting = asyncio.ensure_future(wait_for(socket.connect()))
    opened = until(socket.states, "open")

    waiting.cancel()

    await opened
    assert isinstance(await socket.ping(), float)
