"""Channels that crash or close, and connections that end, over a real socket."""

import asyncio

import pytest

from rx_phoenix import (
    ChannelCrashed,
    ChannelState,
    Closed,
    ConnectionLost,
    Opened,
    Push,
    PushCancelled,
    Reply,
    RxPhoenixError,
    SocketState,
)
from tests.integration.transports import SILENT_DEATH
from tests.integration.waiting import PATIENCE, first, first_of, listing, until

ERRORED, CLOSED = ChannelState.ERRORED, ChannelState.CLOSED

LOST = {"source": "transport", "reason": "connection_closed"}
"""What a channel errs with, as in phoenix.js, when its connection is gone."""


async def error_of(push: Push):
    """What a push failed with; soon, for its deadline is far away."""
    with pytest.raises(RxPhoenixError) as failure:
        async with asyncio.timeout(PATIENCE):
            await push
    return failure.value


@pytest.mark.parametrize("event", ["crash", "exit", "stop_error", "an unknown event"])
async def test_a_channel_that_crashes_is_joined_again(joined, event):
    states = listing(joined.states)
    again = first(joined.joins)

    joined.push(event)

    assert (await again)["topic"] == joined.topic
    assert states == ["joined", "errored", "joining", "joined"]
    assert await joined.push("echo", {"n": 1}) == {"n": 1}


async def test_a_crash_is_told_once(joined):
    by_callback = []
    joined.on_error(by_callback.append)
    by_stream = listing(joined.errors)
    again = first(joined.joins)

    joined.push("crash")
    await again

    assert len(by_callback) == 1
    assert by_callback == by_stream


async def test_a_crash_fails_what_was_sent_at_once(joined):
    waiting = joined.push("noreply")
    culprit = joined.push("crash")

    assert isinstance(await error_of(waiting), ChannelCrashed)
    assert isinstance(await error_of(culprit), ChannelCrashed)


async def test_a_push_after_a_crash_waits_for_the_rejoin(joined):
    states, erring = listing(joined.states), first(joined.errors)
    joined.push("crash")
    await erring

    assert states[:2] == ["joined", "errored"]
    assert await joined.push("echo", {"n": 1}) == {"n": 1}


async def test_the_callbacks_of_a_join_run_at_each_rejoin(channel):
    topics = []
    join = channel.join().receive(
        "ok", lambda response: topics.append(response["topic"])
    )
    await join
    again = first(channel.joins)

    channel.push("crash")
    await again

    assert topics == [channel.topic] * 2


async def test_a_session_ends_with_a_crash(channel):
    session = channel.session
    joined = first(session)
    errors = []
    session.subscribe(None, errors.append)
    await joined

    closing = until(channel.states, CLOSED)
    channel.push("crash")
    await closing

    assert [type(error) for error in errors] == [ChannelCrashed]


@pytest.mark.parametrize("event", ["stop", "shutdown", "shutdown_reason"])
async def test_a_channel_that_the_server_closes_stays_closed(joined, event):
    closes = []
    join_ref = joined.join_ref
    joined.on_close(lambda *arguments: closes.append(arguments))
    closing = first(joined.closes)

    push = joined.push(event)
    await closing

    assert joined.state is CLOSED
    assert closes == [({}, join_ref, join_ref)]
    assert type(await error_of(push)) is PushCancelled


async def test_a_channel_may_answer_before_it_closes(joined):
    closing = first(joined.closes)

    assert await joined.push("stop_reply") == {}
    assert await closing == {}


async def test_a_channel_that_was_closed_can_be_joined_again(joined):
    closing = first(joined.closes)
    joined.push("stop")
    await closing

    assert (await joined.join())["topic"] == joined.topic


async def test_a_stream_completes_when_the_server_closes_the_channel(channel):
    completed = asyncio.Event()
    channel.stream("tick").subscribe(on_completed=completed.set)
    await until(channel.states, ChannelState.JOINED)

    channel.push("stop")

    async with asyncio.timeout(PATIENCE):
        await completed.wait()


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_connection_that_breaks_comes_back_with_its_channels(socket, joined):
    lifecycle = listing(socket.lifecycle)
    errors = listing(joined.errors)
    again = first(joined.joins)

    joined.push("kill_transport")
    await again

    closed = lifecycle[0]
    assert isinstance(closed, Closed)
    assert (closed.code, closed.clean) == (1006, False)
    assert lifecycle[-1] == Opened()
    assert errors == [LOST]
    assert await joined.push("echo", {"n": 1}) == {"n": 1}


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_every_channel_comes_back(app, socket, joined):
    others = [socket.channel(app.new("room:")) for _ in range(20)]
    for other in others:
        await other.join()
    again = [first(other.joins) for other in others]

    joined.push("kill_transport")

    assert [(await each)["topic"] for each in again] == [o.topic for o in others]


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_loss_fails_what_was_sent_at_once(joined):
    pushes = [joined.push("noreply") for _ in range(3)]
    pushes.append(joined.push("kill_transport"))

    errors = [await error_of(push) for push in pushes]

    assert [type(error) for error in errors] == [ConnectionLost] * 4


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_loss_fails_a_ping(socket, joined):
    joined.push("hang", {"ms": 100})
    joined.push("kill_transport")
    blocked = socket.channel("room:slow", {"ms": 200})
    blocked.join()

    with pytest.raises(ConnectionLost):
        await socket.ping()


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_loss_runs_the_timeout_callbacks_of_what_was_sent(joined):
    said = []
    push = joined.push("noreply").receive("timeout", said.append)

    joined.push("kill_transport")
    outcome = await push.outcome

    assert outcome == Reply("lost", {})
    assert said == [{}]


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_push_during_an_outage_is_sent_after_it(joined):
    losing = first(joined.errors)
    joined.push("kill_transport")
    await losing

    assert await joined.push("echo", {"n": 1}) == {"n": 1}


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_disconnect_by_the_server_is_followed_by_a_reconnect(socket, joined):
    closing, again = first_of(socket.lifecycle, Closed), first(joined.joins)

    joined.push("kick_me")

    assert await closing == Closed(1001, "", clean=True)
    assert (await again)["topic"] == joined.topic


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_disconnect_of_a_user_is_followed_by_a_reconnect(app, socket, joined):
    user_id = (await joined.push("whoami"))["user_id"]
    closing, again = first_of(socket.lifecycle, Closed), first(joined.joins)

    await app.control(f"/ctl/disconnect/{user_id}")

    assert (await closing).code == 1001
    assert (await again)["topic"] == joined.topic


async def test_our_own_disconnect_lasts_until_the_next_connect(socket, joined):
    again = first(joined.joins)

    await socket.disconnect()
    waiting = joined.push("echo", {"patient": True})

    assert socket.state is SocketState.CLOSED
    assert joined.state is ERRORED
    await socket.connect()
    assert (await again)["topic"] == joined.topic
    assert await waiting == {"patient": True}


async def test_leaving_during_an_outage_needs_no_server(socket, joined):
    await socket.disconnect()

    assert await joined.leave() == {}
    assert joined.state is CLOSED


@pytest.mark.never("longpoll", because=SILENT_DEATH)
async def test_a_lost_connection_ends_a_leave(joined):
    joined.push("hang", {"ms": 100})
    joined.push("kill_transport")

    assert await joined.leave() == {}
    assert joined.state is CLOSED
