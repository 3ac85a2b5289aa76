"""Contexts: callbacks run in that of their registration, the connection in its own."""

import asyncio
import contextvars
import logging

import pytest
from reactivex import Subject

from rx_phoenix import Presence, Reconnect, Socket
from rx_phoenix.operators import for_each, map_async, resume, retry_with_backoff
from tests.integration.app import running_app

request = contextvars.ContextVar("request", default="none")


@pytest.fixture
async def app():
    async with running_app() as app:
        yield app


async def in_request(name, work):
    """Await a coroutine function in a task with a context of its own."""

    async def handle():
        request.set(name)
        return await work()

    return await asyncio.create_task(handle())


@pytest.fixture
async def shared(app):
    """A socket that the first of two requests has connected."""
    socket = Socket(app.url)
    await in_request("first", socket.connect)
    yield socket
    await socket.aclose()


@pytest.fixture
async def room(shared, app):
    """A channel that the first request has joined."""
    room = shared.channel(app.new("room:"))
    await in_request("first", room.join)
    return room


def on(room, note):
    room.on("tick", note)


def on_message(room, note):
    room.socket.on_message(note)


def assign_on_message(room, note):
    def hook(event, payload, ref):
        note()
        return payload

    room.on_message = hook


def async_on(room, note):
    async def callback(_):
        note()

    room.on("tick", callback)


def map_events(room, note):
    async def callback(_):
        note()

    room.events("tick").pipe(map_async(callback)).subscribe()


def for_each_event(room, note):
    async def callback(_):
        note()

    for_each(room.events("tick"), callback)


def for_each_event_at_once(room, note):
    for_each(room.events("tick"), note)


def receive(room, note):
    room.push("echo").receive("ok", note)


def on_close(room, note):
    room.on_close(note)
    room.leave()


def on_leave_of_presence(room, note):
    Presence(room).on_sync(note)
    room.push("push_me", {"event": "presence_state", "payload": {}})


WAYS = [
    on,
    on_message,
    assign_on_message,
    async_on,
    map_events,
    for_each_event,
    for_each_event_at_once,
    receive,
    on_close,
    on_leave_of_presence,
]


@pytest.mark.parametrize("register", WAYS)
async def test_a_callback_sees_the_request_that_registered_it(room, register):
    seen, done = [], asyncio.Event()

    def note(*_):
        seen.append(request.get())
        done.set()

    async def work():
        register(room, note)

    await in_request("second", work)
    if room.is_wanted:
        await in_request("third", lambda: room.push("burst_reply", {"n": 1}).outcome)
    await asyncio.wait_for(done.wait(), 5)

    assert {*seen} == {"second"}


async def test_late_callbacks_run_in_the_context_of_the_caller(room):
    push = room.push("echo")
    await push
    seen = []

    async def work():
        push.receive("ok", lambda _: seen.append(request.get()))

    await in_request("second", work)

    assert seen == ["second"]


async def test_the_connection_sees_no_request(app, shared, room):
    seen, lost = [], asyncio.Event()
    shared.lifecycle.subscribe(lambda _: seen.append(request.get()))
    shared.frames.subscribe(lambda _: seen.append(request.get()))
    room.events("tick").subscribe(lambda _: seen.append(request.get()))
    shared.states.subscribe(lambda state: state == "closed" and lost.set())
    await in_request("second", lambda: room.push("burst_reply", {"n": 1}).outcome)
    room.push("kill_transport")
    await asyncio.wait_for(lost.wait(), 5)

    assert {*seen} == {"none"}


async def test_providers_and_policies_run_in_the_context_of_the_constructor(app):
    seen = {}

    def noting(name, answer):
        def provide(*_):
            seen.setdefault(name, []).append(request.get())
            return answer

        return provide

    async def token():
        seen.setdefault("token", []).append(request.get())

    async def make():
        delays = noting("delays", 0.01)
        socket = Socket(
            app.url,
            params=noting("params", {}),
            auth_token=token,
            reconnect=Reconnect(delays=delays),
        )
        return socket, socket.channel(app.new("room:"), noting("join", {}))

    socket, room = await in_request("constructor", make)
    await in_request("first", socket.connect)
    await in_request("second", room.join)
    again = asyncio.Event()
    room.joins.subscribe(lambda _: again.set())
    await in_request("third", lambda: room.push("kill_transport").outcome)
    await asyncio.wait_for(again.wait(), 5)
    await socket.aclose()

    assert {name: {*names} for name, names in seen.items()} == {
        name: {"constructor"} for name in ("params", "token", "delays", "join")
    }


async def test_the_functions_of_a_retry_run_in_the_context_of_its_subscription():
    seen = []

    def note(answer):
        def function(*_):
            seen.append(request.get())
            return answer

        return function

    failing = Subject()
    retried = failing.pipe(
        retry_with_backoff(
            note(60.0), give_up=note(None), on_retry=note(None), random=note(0.5)
        )
    )

    async def subscribe():
        return retried.subscribe()

    retry = await in_request("second", subscribe)
    failing.on_error(OSError("no route"))
    retry.dispose()

    assert seen == ["second"] * 4


async def test_a_resumption_asks_in_the_context_of_its_subscription(room):
    seen, done = [], asyncio.Event()

    async def backfill(*_):
        seen.append(("backfill", request.get()))
        return []

    def on_gap(_):
        seen.append(("on_gap", request.get()))
        done.set()

    events = resume(
        room,
        "tick",
        cursor=lambda event: 10 * event["i"],
        param="since",
        backfill=backfill,
        on_gap=on_gap,
    )

    async def subscribe():
        return events.subscribe()

    resumed = await in_request("second", subscribe)
    await in_request("third", lambda: push(room))
    await asyncio.wait_for(done.wait(), 5)
    resumed.dispose()

    assert set(seen) == {("backfill", "second"), ("on_gap", "second")}


async def push(room):
    await room.push("burst_reply", {"n": 2})


async def test_a_callback_that_is_called_by_itself_runs_in_the_present_context(room):
    seen = []

    def again(_):
        seen.append(request.get())
        if len(seen) == 1:
            request.set("inner")
            room.socket.on_open(print)
            push.receive("ok", seen_again)

    def seen_again(_):
        seen.append(request.get())

    push = room.push("echo")
    push.receive("ok", again)
    await push

    assert seen == ["none", "inner"]


async def test_what_a_callback_raises_is_logged_in_its_context(room):
    logged, done = [], asyncio.Event()

    class Handler(logging.Handler):
        def emit(self, record):
            logged.append((request.get(), record.getMessage()))
            done.set()

    handler = Handler()
    logging.getLogger("rx_phoenix").addHandler(handler)

    async def work():
        room.on("tick", lambda _: 1 / 0)

    try:
        await in_request("second", work)
        await room.push("burst_reply", {"n": 1})
        await asyncio.wait_for(done.wait(), 5)
    finally:
        logging.getLogger("rx_phoenix").removeHandler(handler)

    assert logged == [("second", f"unhandled in {room.topic!r}: division by zero")]


def test_in_virtual_time_all_runs_in_the_context_of_the_test(phx):
    seen = []
    room = phx.socket.channel("room:1")
    room.on_error(lambda _: seen.append(request.get()))
    room.join().receive("ok", lambda _: seen.append(request.get()))
    token = request.set("test")
    phx.run(server="-ojE")
    request.reset(token)

    assert seen == ["test", "test"]
