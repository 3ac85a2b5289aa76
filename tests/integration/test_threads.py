"""Threads, loops and forks: one rule for all of them, and one way in."""

import asyncio
import concurrent.futures
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import reactivex
from reactivex import Observable
from reactivex import operators as ops
from reactivex.scheduler import ThreadPoolScheduler

from rx_phoenix import (
    Channel,
    Message,
    Presence,
    Push,
    PushRefused,
    Socket,
    UsageError,
)
from rx_phoenix.operators import (
    LoopScheduler,
    first_value,
    map_async,
    push_each,
    share_latest,
)
from rx_phoenix.testing import FakeTransport
from tests.integration.app import running_app

WAY_IN = "call_soon_threadsafe"


@pytest.fixture
async def app():
    async with running_app() as app:
        yield app


@pytest.fixture
async def socket(app):
    async with Socket(app.url) as socket:
        yield socket


@pytest.fixture
async def room(socket, app):
    room = socket.channel(app.new("room:"))
    await room.join()
    return room


async def wait(awaitable):
    return await awaitable


class Bound:
    """A socket that is bound to a loop, and what can be asked of it."""

    def __init__(self, socket, room):
        self.socket, self.room = socket, room
        self.push = room.push("noreply")
        self.ping = socket.ping()
        self.opening = socket.connect()
        self.settled = room.join()
        self.presence = Presence(room)


def raised(stream):
    """Subscribe without a handler of errors, so that they are raised."""
    return stream.subscribe(lambda _: None)


ENTRY_POINTS = {
    "push": lambda it: it.room.push("echo"),
    "cast": lambda it: it.room.cast("echo"),
    "request": lambda it: it.room.request("echo"),
    "join": lambda it: it.room.join(),
    "leave": lambda it: it.room.leave(),
    "on": lambda it: it.room.on("tick", print),
    "on_close of a channel": lambda it: it.room.on_close(print),
    "on_error of a channel": lambda it: it.room.on_error(print),
    "off": lambda it: it.room.off("tick"),
    "connect": lambda it: it.socket.connect(),
    "disconnect": lambda it: it.socket.disconnect(),
    "aclose": lambda it: it.socket.aclose(),
    "ping": lambda it: it.socket.ping(),
    "reconnect_now": lambda it: it.socket.reconnect_now(),
    "channel": lambda it: it.socket.channel("room:another"),
    "remove": lambda it: it.socket.remove(it.room),
    "on_open": lambda it: it.socket.on_open(print),
    "on_close": lambda it: it.socket.on_close(print),
    "on_error": lambda it: it.socket.on_error(print),
    "on_message": lambda it: it.socket.on_message(print),
    "off of a socket": lambda it: it.socket.off(1),
    "assign on_message": lambda it: setattr(it.room, "on_message", print),
    "assign a socket": lambda it: setattr(it.room, "socket", it.socket),
    "presence": lambda it: Presence(it.room),
    "on_join of a presence": lambda it: it.presence.on_join(print),
    "on_leave of a presence": lambda it: it.presence.on_leave(print),
    "on_sync of a presence": lambda it: it.presence.on_sync(print),
    "off of a presence": lambda it: it.presence.off(1),
    "subscribe to a presence": lambda it: raised(it.presence.states),
    "subscribe to its changes": lambda it: raised(it.presence.changes),
    "subscribe to its statuses": lambda it: raised(it.presence.statuses),
    "settled receive": lambda it: it.settled.receive("ok", print),
    "settled cancel": lambda it: it.settled.cancel(),
    "subscribe to a settled push": lambda it: raised(it.settled),
    "on_settled": lambda it: it.push.on_settled(print),
    "subscribe to sent": lambda it: raised(it.socket.sent),
    "subscribe to pushes": lambda it: raised(it.socket.pushes),
    "enter": lambda it: it.socket.__aenter__().send(None),
    "exit": lambda it: it.socket.__aexit__(None, None, None).send(None),
    "receive": lambda it: it.push.receive("ok", print),
    "cancel": lambda it: it.push.cancel(),
    "subscribe to events": lambda it: raised(it.room.events("tick")),
    "subscribe to typed events": lambda it: raised(it.room.events("n", as_type=int)),
    "subscribe to messages": lambda it: raised(it.room.messages),
    "subscribe to states": lambda it: raised(it.room.states),
    "subscribe to a stream": lambda it: raised(it.room.stream("tick")),
    "subscribe to joined": lambda it: raised(it.room.joined),
    "subscribe to joins": lambda it: raised(it.room.joins),
    "subscribe to closes": lambda it: raised(it.room.closes),
    "subscribe to errors": lambda it: raised(it.room.errors),
    "subscribe to refusals": lambda it: raised(it.room.refusals),
    "subscribe to session": lambda it: raised(it.room.session),
    "subscribe to a push": lambda it: raised(it.push),
    "subscribe to an outcome": lambda it: raised(it.push.outcome),
    "subscribe to frames": lambda it: raised(it.socket.frames),
    "subscribe to lifecycle": lambda it: raised(it.socket.lifecycle),
    "subscribe to unhandled": lambda it: raised(it.socket.unhandled),
    "subscribe to connection": lambda it: raised(it.socket.connection),
    "subscribe to stats": lambda it: raised(it.socket.stats),
    "await a push": lambda it: it.push.__await__().send(None),
    "await a settled push": lambda it: it.settled.__await__().send(None),
    "await an outcome": lambda it: it.push.outcome.__await__().send(None),
    "await a ping": lambda it: it.ping.__await__().send(None),
    "await a connect": lambda it: it.opening.__await__().send(None),
}

FREE_EVERYWHERE = {
    Socket: "url timeout rejoin state diagnosis call_soon_threadsafe",
    Channel: "topic state join_ref is_wanted",
    Push: "topic event payload within ref status is_settled",
    Presence: "state status list dispose sync_state sync_diff",
}
"""The members that only read, the way in, and what never raises."""


@pytest.mark.parametrize("kind", FREE_EVERYWHERE, ids=lambda kind: kind.__name__)
def test_the_table_has_every_entry_point(kind):
    public = {name for name in dir(kind) if not name.startswith("_")}
    brought = {*dir(Observable())} if issubclass(kind, Observable) else set()
    used = {name for use in ENTRY_POINTS.values() for name in use.__code__.co_names}

    assert public - brought - {*FREE_EVERYWHERE[kind].split()} <= used


def in_another_thread(attempt):
    with ThreadPoolExecutor() as pool:
        return pool.submit(attempt).result(10)


def in_another_thread_with_a_loop(attempt):
    async def main():
        return attempt()

    return in_another_thread(lambda: asyncio.run(main()))


def in_a_fork(attempt):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - another process
        try:
            os.write(writing, attempt().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


PLACES = [in_another_thread, in_another_thread_with_a_loop, in_a_fork]


def refusals(bound, place):
    """The error of each entry point there, or what came of it instead."""
    texts = {}
    for name, use in ENTRY_POINTS.items():

        def attempt(use=use):
            try:
                use(bound)
            except UsageError as error:
                return str(error)
            except StopIteration:
                return "it was awaited"
            return "it was accepted"

        texts[name] = place(attempt)
    return texts


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("place", PLACES)
async def test_every_entry_point_is_refused_elsewhere(socket, room, place):
    texts = refusals(Bound(socket, room), place)

    assert [name for name, text in texts.items() if WAY_IN not in text] == []
    assert await room.push("echo", {"still": "alive"}) == {"still": "alive"}


def test_every_entry_point_is_refused_in_a_later_loop(app_elsewhere):
    async def prepare():
        socket = Socket(app_elsewhere)
        await socket.connect()
        room = socket.channel("room:later")
        await room.join()
        return Bound(socket, room)

    async def use():
        return refusals(bound, lambda attempt: attempt())

    with asyncio.Runner() as runner:
        bound = runner.run(prepare())
        texts = asyncio.run(use())
        runner.run(wait(bound.socket.aclose()))

    assert [name for name, text in texts.items() if WAY_IN not in text] == []


@pytest.fixture
def make_on_a_closed_loop():
    """Makes something of a joined channel whose loop is closed by then."""

    async def join(make):
        transport = FakeTransport()
        socket = Socket("ws://h/socket", transport=transport)
        room = socket.channel("room:1")
        join = room.join()
        reply = {"status": "ok", "response": {}}
        peer = transport.attempt.open()
        peer.receive(Message("1", "1", "room:1", "phx_reply", reply))
        assert await join == {}
        return make(socket, room)

    return lambda make: asyncio.run(join(make))


def test_every_entry_point_is_refused_once_the_loop_is_closed(make_on_a_closed_loop):
    bound = make_on_a_closed_loop(Bound)
    texts = refusals(bound, lambda attempt: attempt())

    assert [name for name, text in texts.items() if "is closed" not in text] == []
    assert bound.room.state == "joined"


def test_nothing_raises_when_it_is_disposed_after_that(make_on_a_closed_loop):
    made = make_on_a_closed_loop(
        lambda _, room: [make(room) for make in DISPOSABLES.values()]
    )
    for disposable in made:
        disposable.dispose()
        in_another_thread(disposable.dispose)


@pytest.mark.parametrize("place", PLACES[:2])
async def test_what_only_reads_is_free_everywhere(socket, room, place):
    def read():
        return [
            str(each)
            for each in (
                *(socket.state, socket.url, socket.diagnosis(), room.state, room.topic),
                *(room.join_ref, room.is_wanted, repr(room), repr(socket)),
                *(socket.states, room.joins, room.events("tick"), room.joined),
            )
        ]

    assert place(read)[0] == "open"


def test_before_it_is_bound_nothing_is_checked():
    socket = Socket("ws://127.0.0.1:9/socket")

    def prepare():
        channel = socket.channel("room:1")
        channel.on("tick", print)
        channel.events("tick").subscribe(print).dispose()
        channel.off("tick")

    in_another_thread(prepare)
    in_another_thread_with_a_loop(prepare)


async def test_a_subscription_is_disposed_from_a_thread(socket, room):
    values = []
    subscription = room.events("tick").subscribe(values.append)
    lease = room.stream("tick").subscribe(values.append)
    await asyncio.to_thread(subscription.dispose)
    await asyncio.to_thread(lease.dispose)
    await room.push("burst_reply", {"n": 2})

    assert values == []


DISPOSABLES = {
    "request": lambda room: room.request("noreply").subscribe(on_error=print),
    "push": lambda room: room.push("noreply").subscribe(on_error=print),
    "typed events": lambda room: room.events("tick", as_type=int).subscribe(),
    "session": lambda room: room.session.subscribe(),
    "connection": lambda room: room.socket.connection.subscribe(),
    "stats": lambda room: room.socket.stats.subscribe(),
    "ping": lambda room: room.socket.ping().subscribe(on_error=print),
    "presence": Presence,
    "push_each": lambda room: room.joined.pipe(push_each(room, "echo")).subscribe(),
    "map_async": lambda room: room.joined.pipe(map_async(asyncio.sleep)).subscribe(),
    "share": lambda room: room.joined.pipe(share_latest(linger=9)).subscribe(),
}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("place", PLACES)
async def test_nothing_raises_when_it_is_disposed_elsewhere(room, place):
    made = {name: make(room) for name, make in DISPOSABLES.items()}

    def dispose_all():
        failed = []
        for name, disposable in made.items():
            try:
                disposable.dispose()
            except (RuntimeError, UsageError) as error:
                failed.append(f"{name}: {error!r}")
        return "\n".join(failed)

    assert place(dispose_all) == ""


async def test_a_request_that_a_thread_disposes_is_cancelled(socket, room):
    pushes = []
    socket.pushes.subscribe(pushes.append)
    request = room.request("noreply").subscribe()
    await asyncio.to_thread(request.dispose)
    [push] = pushes

    assert (await push.outcome).status == "cancelled"


async def test_a_presence_that_a_thread_disposes_completes_on_the_loop(room):
    presence, ended = Presence(room), asyncio.get_running_loop().create_future()
    presence.states.subscribe(
        on_completed=lambda: ended.set_result(threading.current_thread())
    )
    await asyncio.to_thread(presence.dispose)

    assert await ended is threading.current_thread()


async def test_a_share_that_a_thread_disposes_lingers_by_the_loop(room):
    closed = asyncio.Event()
    source = reactivex.never().pipe(ops.finally_action(closed.set))
    lingering = source.pipe(share_latest(linger=0.01)).subscribe()
    await asyncio.to_thread(lingering.dispose)
    await asyncio.wait_for(closed.wait(), 5)


def is_last(tick):
    return tick["i"] == 1999


async def test_a_full_consumer_that_a_thread_disposes_pauses_no_longer(room):
    asyncio.get_running_loop().set_debug(True)  # it objects to calls of other threads
    ticks = room.events("tick")
    slow = map_async(lambda _: asyncio.sleep(3600), maxsize=1, overflow="wait")
    full = ticks.pipe(slow).subscribe()
    last = first_value(ticks.pipe(ops.filter(is_last)), timeout=60)
    room.cast("burst", {"n": 2000})
    while "Nothing was read" not in room.socket.diagnosis():  # noqa: ASYNC110 - seen there
        await asyncio.sleep(0)
    await asyncio.to_thread(full.dispose)

    assert await last == {"i": 1999}


async def test_the_last_lease_that_a_thread_disposes_is_left(socket, app):
    channel = socket.channel(app.new("room:"))
    lease = channel.stream("tick").subscribe(print)
    await channel.states.pipe(ops.filter(lambda state: state == "joined"), ops.first())
    await asyncio.to_thread(lease.dispose)
    await channel.states.pipe(ops.filter(lambda state: state == "closed"), ops.first())


def test_what_is_disposed_after_its_loop_ended_does_not_raise(app_elsewhere):
    async def main():
        socket = Socket(app_elsewhere)
        await socket.connect()
        channel = socket.channel("room:1")
        await channel.join()
        subscription = channel.events("tick").subscribe(print)
        await socket.aclose()
        return subscription

    subscription = asyncio.run(main())
    in_another_thread(subscription.dispose)
    subscription.dispose()


@pytest.fixture
def app_elsewhere():
    """The address of an app on a loop of its own."""

    async def serve():
        async with running_app() as app:
            end = asyncio.Event()
            running.set_result((app.url, asyncio.get_running_loop(), end))
            await end.wait()

    running = concurrent.futures.Future()
    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    url, loop, end = running.result(10)
    yield url
    loop.call_soon_threadsafe(end.set)
    thread.join()


# The timers of Rx.


async def error_of_a_push_behind(elsewhere, socket, room):
    """The error that a push behind an operator of threads leaves on `unhandled`."""
    unhandled = asyncio.get_running_loop().create_future()
    socket.unhandled.subscribe(unhandled.set_result)
    room.events("tick").pipe(elsewhere).subscribe(lambda _: room.push("echo"))
    await room.push("burst_reply", {"n": 1})
    return await asyncio.wait_for(unhandled, 5)


async def test_a_timer_of_rx_is_told_how_to_run_on_the_loop(socket, room, monkeypatch):
    raised = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: raised.set())
    error = await error_of_a_push_behind(ops.debounce(0.01), socket, room)

    assert await asyncio.to_thread(raised.wait, 5)
    assert isinstance(error, UsageError)
    assert "scheduler=LoopScheduler.current()" in str(error)


async def test_so_is_a_pool_of_rx_which_keeps_what_is_raised(socket, room):
    pool = ThreadPoolScheduler(1)
    error = await error_of_a_push_behind(ops.observe_on(pool), socket, room)
    pool.executor.shutdown()

    assert "scheduler=LoopScheduler.current()" in str(error)


async def test_with_the_scheduler_of_the_loop_the_same_lines_work(room):
    answers = asyncio.Queue()

    def search(value):
        room.push("echo", value).receive("ok", answers.put_nowait)

    debounced = ops.debounce(0.01, scheduler=LoopScheduler.current())
    room.events("tick").pipe(debounced).subscribe(search)
    await room.push("burst_reply", {"n": 1})

    assert await asyncio.wait_for(answers.get(), 5) == {"i": 0}


# The way in.


async def test_a_thread_gets_the_answer_to_a_push(socket, room):
    def view():
        ask = socket.call_soon_threadsafe(lambda: room.push("echo", {"a": 1}))
        return ask.result(5)

    assert await asyncio.to_thread(view) == {"a": 1}


async def test_a_thread_gets_the_error_of_a_refused_push(socket, room):
    def view():
        socket.call_soon_threadsafe(
            lambda: room.push("custom_status", {"status": "error"})
        ).result(5)

    with pytest.raises(PushRefused):
        await asyncio.to_thread(view)


async def twice(push):
    await push("echo", 1)
    return await push("echo", 2)


CALLS = {
    "a value": (lambda room: 7, 7),
    "connect": (lambda room: room.socket.connect(), None),
    "a coroutine": (lambda room: twice(room.push), 2),
    "a task": (lambda room: asyncio.ensure_future(twice(room.push)), 2),
    "leave": (lambda room: room.leave(), {}),
    "disconnect": (lambda room: room.socket.disconnect(), None),
}


@pytest.mark.parametrize(("function", "result"), CALLS.values(), ids=[*CALLS])
async def test_what_can_be_awaited_is(socket, room, function, result):
    answer = socket.call_soon_threadsafe(lambda: function(room))

    assert await asyncio.wrap_future(answer) == result


async def test_a_ping_is_awaited_too(socket):
    assert await asyncio.wrap_future(socket.call_soon_threadsafe(socket.ping)) >= 0


async def test_a_stream_is_returned_as_it_is(socket, room):
    events = room.events("tick")
    for stream in (events, reactivex.of(1)):
        answer = socket.call_soon_threadsafe(lambda stream=stream: stream)
        assert await asyncio.wrap_future(answer) is stream


async def test_to_wait_on_the_loop_itself_is_refused(socket, room):
    answer = socket.call_soon_threadsafe(lambda: room.push("echo"))

    with pytest.raises(UsageError, match="would block the event loop"):
        answer.result(5)
    with pytest.raises(UsageError, match="would block the event loop"):
        answer.exception(5)
    assert await asyncio.wrap_future(answer) == {}


def test_a_socket_that_is_not_bound_has_no_loop_to_call():
    socket = Socket("ws://127.0.0.1:9/socket")

    with pytest.raises(UsageError, match="not bound to an event loop"):
        socket.call_soon_threadsafe(print)


def test_a_closed_loop_cannot_be_called(app_elsewhere):
    async def main():
        socket = Socket(app_elsewhere)
        await socket.connect()
        await socket.disconnect()
        return socket

    socket = asyncio.run(main())

    with pytest.raises(UsageError, match="loop of this socket ended"):
        socket.call_soon_threadsafe(print)


async def test_a_socket_that_has_ended_cannot_be_called(app):
    async with Socket(app.url) as socket:
        pass

    with pytest.raises(UsageError, match="ended by aclose"):
        socket.call_soon_threadsafe(print)


async def test_what_is_called_must_be_a_function(socket, room):
    with pytest.raises(UsageError, match="function must be callable"):
        socket.call_soon_threadsafe(room.push("echo"))


def test_a_loop_that_ends_first_fails_the_future(app_elsewhere):
    async def main():
        socket = Socket(app_elsewhere)
        await socket.connect()
        answer = socket.call_soon_threadsafe(lambda: asyncio.sleep(100))
        await asyncio.sleep(0.01)
        await socket.disconnect()
        return answer

    answer = asyncio.run(main())

    with pytest.raises(UsageError, match="loop of this socket ended"):
        answer.result(5)


def test_a_loop_that_ends_before_the_call_began_fails_the_future(app_elsewhere):
    async def main():
        socket = Socket(app_elsewhere)
        await socket.connect()
        await socket.disconnect()
        return socket

    loop = asyncio.new_event_loop()
    socket = loop.run_until_complete(main())
    answer = socket.call_soon_threadsafe(print)
    loop.close()

    with pytest.raises(UsageError, match="loop of this socket ended"):
        answer.result(5)


async def test_to_cancel_the_future_ends_the_wait_only(socket):
    done = asyncio.Event()
    begun = asyncio.Event()

    async def work():
        begun.set()
        await asyncio.sleep(0.01)
        done.set()

    answer = socket.call_soon_threadsafe(work)
    await begun.wait()
    assert answer.cancel()
    await asyncio.wait_for(done.wait(), 5)


async def test_an_error_that_nothing_looked_at_is_reported(socket):
    unhandled = asyncio.Queue()
    socket.unhandled.subscribe(unhandled.put_nowait)

    def fail():
        raise LookupError("nothing there")

    socket.call_soon_threadsafe(fail)
    assert isinstance(await asyncio.wait_for(unhandled.get(), 5), LookupError)


@pytest.fixture
def patient(monkeypatch):
    """Let `aclose` wait longer than any test for what does not end by itself."""
    monkeypatch.setattr("rx_phoenix.socket.CLOSE_TIMEOUT", 3600.0)


@pytest.mark.usefixtures("patient")
async def test_aclose_from_a_thread_does_not_wait_for_itself(app):
    socket = Socket(app.url)
    await socket.connect()
    answer = socket.call_soon_threadsafe(socket.aclose)
    await asyncio.to_thread(answer.result, 60)


@pytest.mark.usefixtures("patient")
async def test_a_coroutine_of_a_thread_can_close_the_socket(app):
    socket = Socket(app.url)
    await socket.connect()

    async def close():
        await socket.aclose()
        return "closed"

    answer = asyncio.wrap_future(socket.call_soon_threadsafe(close))
    assert await asyncio.wait_for(answer, 60) == "closed"


async def test_aclose_waits_for_the_calls_of_threads(app):
    socket = Socket(app.url)
    await socket.connect()

    async def work():
        await asyncio.sleep(0.1)
        return "done"

    answer = socket.call_soon_threadsafe(work)
    await asyncio.sleep(0.01)
    await socket.aclose()

    assert answer.done()
    assert answer.result() == "done"


@pytest.mark.slow
async def test_aclose_cancels_the_calls_that_take_longer_than_2_s(app):
    socket = Socket(app.url)
    await socket.connect()
    answer = socket.call_soon_threadsafe(lambda: asyncio.sleep(100))
    await asyncio.sleep(0.01)
    begun = time.monotonic()
    await socket.aclose()

    assert time.monotonic() - begun > 1.5
    with pytest.raises(concurrent.futures.CancelledError):
        answer.result()


async def test_a_call_that_is_cancelled_from_within_is_cancelled(socket):
    async def work():
        raise asyncio.CancelledError

    answer = socket.call_soon_threadsafe(work)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wrap_future(answer)
