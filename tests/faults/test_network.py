"""What the network can do, what the user sees of it, and that it heals in time."""

import asyncio

import pytest

from rx_phoenix import (
    AttemptFailed,
    Closed,
    ConnectionLost,
    GaveUp,
    Heartbeat,
    HeartbeatMissed,
    PushTimeout,
)
from tests.integration.waiting import changes_of, first, first_of, listing

PATIENT = Heartbeat(interval=0.2, timeout=5.0)
"""For networks that are slow, and machines that are busy."""

over_websocket = pytest.mark.parametrize("transport", ["websocket"], indirect=True)
over_longpoll = pytest.mark.parametrize("transport", ["longpoll"], indirect=True)


@over_websocket
async def test_a_reset_while_idle_is_a_loss_and_heals(proxy, socket, joined, healed):
    closed, again = first_of(socket.lifecycle, Closed), first(joined.joins)

    proxy.reset()

    assert not (await closed).clean
    await again
    await healed()


@over_websocket
async def test_a_reset_in_the_middle_of_a_push_fails_it_at_once(proxy, joined, healed):
    again = first(joined.joins)
    push = joined.push("noreply")
    # Another push behind it is answered: so the first one is at the server.
    await joined.push("ok")

    proxy.reset()

    with pytest.raises(ConnectionLost):
        await push
    await again
    await healed()


@over_longpoll
async def test_a_reset_of_a_long_poll_is_a_lost_request_at_most(proxy, joined, healed):
    again = first(joined.joins)

    proxy.reset()

    # A poll is asked again on a new connection; what was sent is not sent twice.
    outcome = await joined.push("echo").outcome
    if outcome.status == "lost":
        await again
    else:
        again.cancel()
    await healed()


async def test_silence_while_idle_is_noticed_by_the_heartbeat(
    proxy, socket, joined, healed
):
    missed, again = first_of(socket.lifecycle, HeartbeatMissed), first(joined.joins)

    proxy.silence()
    await missed
    proxy.heal()

    await again
    await healed()


@pytest.mark.parametrize("way", ["to_client", "to_server"])
async def test_silence_one_way_heals_too(proxy, socket, joined, way, healed):
    closed, again = first_of(socket.lifecycle, Closed), first(joined.joins)

    proxy.silence(**{"to_client": False, "to_server": False, way: True})
    await closed
    proxy.heal()

    await again
    await healed()


async def test_silence_while_pushing_fails_the_push_as_lost(proxy, joined, healed):
    proxy.silence()
    push = joined.push("echo", timeout=5.0)
    again = first(joined.joins)

    with pytest.raises(ConnectionLost):
        await push
    proxy.heal()

    await again
    await healed()


async def test_a_server_that_is_away_is_tried_again_until_it_is_back(
    proxy, socket, joined, healed
):
    events = listing(socket.lifecycle)
    failed, again = first_of(socket.lifecycle, AttemptFailed), first(joined.joins)

    await proxy.refuse()
    proxy.reset()
    await failed
    await proxy.accept()

    await again
    await healed()
    assert not [event for event in events if isinstance(event, GaveUp)]


async def test_a_connection_cut_in_mid_frame_heals(proxy, joined, healed):
    again = first(joined.joins)

    proxy.cut_after(500)
    push = joined.push("big", {"n": 100_000})
    with pytest.raises(ConnectionLost):
        await push

    await again
    await healed()


async def test_a_corrupted_frame_never_reaches_a_listener(proxy, socket, joined):
    ticks = listing(joined.events("tick"))

    proxy.corrupt()
    burst = joined.push("burst_reply", {"n": 3}, timeout=1.0)

    with pytest.raises((ConnectionLost, PushTimeout)):
        # The bit that was turned over is in the last frame: the reply.
        await burst
    assert all(tick in ({"i": 0}, {"i": 1}, {"i": 2}) for tick in ticks)


async def test_two_hundred_milliseconds_of_delay_with_jitter_break_nothing(proxy, make):
    socket = make(heartbeat=PATIENT, timeout=8.0)
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    events = changes_of(socket)

    proxy.delay(0.05, jitter=0.05)
    answers = await asyncio.gather(*(channel.push("echo", {"n": n}) for n in range(20)))

    assert answers == [{"n": n} for n in range(20)]
    assert events == []


async def test_a_slow_link_breaks_nothing_that_fits(proxy, make):
    socket = make(heartbeat=PATIENT, timeout=8.0)
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()

    proxy.throttle(40_000)

    assert await channel.push("big", {"n": 10_000}) == {"data": "x" * 10_000}


@over_websocket
async def test_a_connection_that_opens_and_dies_ten_times_heals(
    proxy, socket, joined, healed
):
    again = first(joined.joins)

    for _ in range(10):
        closed = first_of(socket.lifecycle, Closed)
        proxy.reset()
        await closed
        if socket.state != "open":
            await first(socket.connection)

    await again
    await healed()


async def test_a_write_side_that_is_blocked_is_cut_within_its_deadline(
    proxy, socket, joined, healed
):
    closed, again = first_of(socket.lifecycle, Closed), first(joined.joins)

    proxy.block_writes()
    pushes = [joined.push("noreply", {"data": "x" * 400_000}) for _ in range(40)]
    await closed
    proxy.heal()

    for push in pushes:
        assert (await push.outcome).status in {"lost", "timeout"}
    await again
    await healed()


async def test_every_awaitable_ends_however_the_network_ends(proxy, socket, joined):
    pushes = [joined.push("delay", {"ms": 10_000}, timeout=4.0) for _ in range(5)]
    ping = socket.ping()

    await proxy.refuse()
    proxy.reset()

    outcomes = [await push.outcome for push in pushes]
    assert {outcome.status for outcome in outcomes} == {"lost"}
    with pytest.raises(ConnectionLost):
        await ping


async def test_a_reset_before_a_join_is_sent_sends_it_on_the_next_connection(
    proxy, socket, channels, healed
):
    proxy.reset()
    joins = [channel.join() for channel in channels]

    for join in joins:
        assert (await join.outcome).status in {"ok", "lost"}
    await healed()


async def test_a_connection_that_dies_during_a_join_joins_on_the_next(
    proxy, socket, ends
):
    channel = socket.channel("room:slow", {"ms": 300})
    lost, again = first_of(socket.lifecycle, Closed), first(channel.joins)
    join = channel.join(timeout=2.0)
    ends.watch_push(join)

    proxy.silence()
    await lost
    proxy.heal()

    await again
    assert channel.state == "joined"


@pytest.mark.parametrize("way", ["to_client", "to_server"])
async def test_silence_while_receiving_heals_and_what_was_lost_is_no_reordering(
    proxy, socket, joined, healed, way
):
    ticks, again = listing(joined.events("tick")), first(joined.joins)
    closed = first_of(socket.lifecycle, Closed)
    joined.push("burst", {"n": 50})

    proxy.silence(**{"to_client": False, "to_server": False, way: True})
    joined.push("burst", {"n": 50})
    await closed
    proxy.heal()

    await again
    await healed()
    numbers = [tick["i"] for tick in ticks]
    assert numbers == [*range(50)][: len(numbers)]


async def test_a_thousand_bytes_a_second_are_slow_and_no_more(
    proxy, make, transport_class
):
    socket = make(transport=transport_class(), heartbeat=Heartbeat(), timeout=8.0)
    await socket.connect()
    channel = socket.channel("room:lobby")
    events = changes_of(socket)

    proxy.throttle(1_000)
    await channel.join()

    assert await channel.push("echo", {"n": 1}) == {"n": 1}
    assert events == []


async def test_two_seconds_there_and_back_with_jitter_are_slow_and_no_more(
    proxy, make, transport_class
):
    socket = make(transport=transport_class(), heartbeat=PATIENT, timeout=8.0)
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    events = changes_of(socket)

    proxy.delay(0.7, jitter=0.6)

    assert await channel.push("echo", {"n": 1}) == {"n": 1}
    assert events == []
