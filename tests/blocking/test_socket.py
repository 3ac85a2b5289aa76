"""A socket of a program that does not await."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from socket import socket as socket_of_system

import pytest

from rx_phoenix import (
    ChannelConflict,
    ConnectError,
    ConnectionLost,
    PushTimeout,
    Reconnect,
    SocketState,
    UsageError,
)
from rx_phoenix.blocking import Socket


def unused_port():
    with closing(socket_of_system()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def names_of_threads():
    return [thread.name for thread in threading.enumerate()]


def run(program, *args, **options):
    """Start a program of its own."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(program), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def test_a_block_connects_and_closes(app):
    with Socket(app.url) as socket:
        assert socket.state is SocketState.OPEN

    assert socket.state is SocketState.CLOSED


def test_both_threads_end_with_the_block(app):
    before = set(names_of_threads())
    with Socket(app.url) as socket:
        room = socket.channel("room:lobby")
        room.on("tick", print)
        during = set(names_of_threads())

    assert len(during - before) >= 1
    assert set(names_of_threads()) <= before


def test_nothing_runs_before_the_first_call(app):
    before = names_of_threads()
    socket = Socket(app.url)

    assert names_of_threads() == before
    socket.close()
    assert names_of_threads() == before


def test_a_ping_returns_seconds(socket):
    assert 0 < socket.ping() < 5


def test_a_ping_without_a_connection_is_lost(app):
    socket = Socket(app.url)

    with pytest.raises(ConnectionLost):
        socket.ping()
    socket.close()


def test_a_ping_that_takes_too_long_times_out(app, hasty):
    with Socket(app.url, **hasty) as socket:
        slow = threading.Thread(
            target=lambda: socket.channel("room:slow", {"ms": 400}).join()
        )
        slow.start()
        time.sleep(0.05)
        with pytest.raises(PushTimeout):
            socket.ping(timeout=0.1)
        slow.join()


def test_a_connect_that_takes_too_long_raises_and_says_why():
    url = f"ws://127.0.0.1:{unused_port()}/socket"
    socket = Socket(url)

    with pytest.raises(TimeoutError, match=r"not connected after 0\.2 s"):
        socket.connect(timeout=0.2)
    socket.close()


def test_a_failed_block_leaves_no_thread():
    before = names_of_threads()
    url = f"ws://127.0.0.1:{unused_port()}/socket"

    with pytest.raises(TimeoutError), Socket(url, timeout=0.1):
        pass
    assert names_of_threads() == before


def test_a_pause_ends_with_the_next_connect(socket):
    socket.disconnect()
    paused = socket.state
    socket.connect()

    assert (paused, socket.state) == (SocketState.CLOSED, SocketState.OPEN)


def test_a_closed_socket_refuses_calls(app):
    with Socket(app.url) as socket:
        pass

    with pytest.raises(UsageError, match="was closed: create a new one"):
        socket.channel("room:lobby")


def test_closing_twice_is_closing_once(app):
    with Socket(app.url) as socket:
        socket.close()
    socket.close()


async def test_a_thread_with_a_running_loop_may_not_block(app):
    with pytest.raises(UsageError, match=r"await\s+rx_phoenix.Socket"):
        Socket(app.url).connect()


def test_the_loops_own_thread_may_not_block(socket, room):
    refused = []

    def hook(event, payload, ref):
        if event == "tick":
            try:
                room.push("echo", {})
            except UsageError as error:
                refused.append(str(error))
        return payload

    room.on_message = hook
    room.push("burst_reply", {"n": 1})

    assert "would stop the event loop" in refused[0]


def test_a_topic_keeps_its_channel(socket):
    assert socket.channel("room:a") is socket.channel("room:a")


def test_a_joined_topic_takes_no_other_params(socket):
    socket.channel("room:a", {"n": 1}).join()

    with pytest.raises(ChannelConflict):
        socket.channel("room:a", {"n": 2})


def test_a_removed_channel_ends_its_loops(socket, room):
    ticks = room.events("tick", timeout=5)
    socket.remove(room)

    assert list(ticks) == []


def test_a_function_for_params_may_block(app):
    asked = []

    def sign_in():
        asked.append(threading.current_thread())
        time.sleep(0.05)
        return {"user_id": "jo"}

    with Socket(app.url, params=sign_in) as socket:
        room = socket.channel("room:blocking", lambda: {"from": "thread"})
        answer = room.join()
        who = room.push("whoami")

    assert who["user_id"] == "jo"
    assert answer["params"] == {"from": "thread"}
    assert asked != [threading.main_thread()]


def test_a_function_for_params_that_raises_is_a_failed_attempt(app, hasty):
    tried = []

    def sign_in():
        tried.append(1)
        if len(tried) == 1:
            raise OSError("no network yet")
        return {"user_id": "jo"}

    with Socket(app.url, params=sign_in, **hasty) as socket:
        assert socket.state is SocketState.OPEN
    assert len(tried) == 2


def test_many_threads_use_one_socket(room):
    def ask(n):
        return room.push("echo", {"n": n})["n"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(200))) == [*range(200)]


def test_callbacks_of_the_socket_run_on_the_worker(app, hasty):
    opened, errors = threading.Event(), []
    socket = Socket(app.url, **hasty)
    ref = socket.on_open(opened.set)
    socket.on_close(errors.append)
    socket.connect()

    assert opened.wait(5)
    socket.off(ref)
    opened.clear()
    socket.disconnect()
    socket.connect()
    assert not opened.wait(0.05)
    assert [closed.clean for closed in errors] != []
    socket.close()


def test_it_heals_by_itself(app, socket, room):
    errored = threading.Event()
    room.on_error(lambda _: errored.set())
    states = room.states(timeout=5)
    assert next(states) == "joined"
    app.do(app.server.stop)
    app.do(app.server.start)

    assert "joined" in states
    assert errored.wait(5)
    assert room.push("echo", {"n": 1}) == {"n": 1}


def test_the_diagnosis_is_in_plain_words(socket):
    assert "open" in socket.diagnosis()


def test_it_is_shown_with_its_state(socket, app):
    assert repr(socket) == f"<blocking Socket {app.url}: open>"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks nowhere else")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_is_refused(socket, room):
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def child():
        try:
            room.push("echo", {})
        except UsageError as error:
            theirs.send(str(error))
        finally:
            socket.close()  # neither waits nor closes the parent's

    process = context.Process(target=child)
    process.start()
    assert ours.poll(10)
    assert "create a new one in the child" in ours.recv()
    process.join(10)
    assert process.exitcode == 0
    assert room.push("echo", {"n": 1}) == {"n": 1}


ENDS = """
    import sys
    from rx_phoenix.blocking import Socket
    room = Socket(sys.argv[1]).channel("room:lobby")
    room.on("tick", len)
    room.join()
    room.push("burst_reply", {"n": 1})
    print("done")
"""


@pytest.mark.slow
def test_the_end_of_a_program_needs_no_call(app):
    program = run(ENDS, app.url)
    out, _ = program.communicate(timeout=60)

    assert (out, program.returncode) == ("done\n", 0)


WAITS = """
    import sys
    from rx_phoenix.blocking import Socket
    with Socket(sys.argv[1], timeout=60) as socket:
        room = socket.channel("room:lobby")
        room.join()
        print("waiting")
        try:
            {wait}
        except KeyboardInterrupt:
            print("interrupted", room.push("echo", {{"n": 1}}))
"""


@pytest.mark.parametrize(
    "wait",
    ['room.push("noreply")', 'next(room.events("tick"))', 'list(room.stream("tick"))'],
)
@pytest.mark.slow
def test_ctrl_c_ends_a_wait(app, wait):
    program = run(WAITS.format(wait=wait), app.url)
    assert program.stdout.readline() == "waiting\n"
    time.sleep(0.2)
    program.send_signal(signal.SIGINT)
    out, _ = program.communicate(timeout=60)

    assert (out, program.returncode) == ("interrupted {'n': 1}\n", 0)


def test_a_coroutine_function_for_params_is_awaited(app):
    async def sign_in():
        await asyncio.sleep(0)
        return {"user_id": "kim"}

    with Socket(app.url, params=sign_in) as socket:
        room = socket.channel("room:async")
        room.join()
        assert room.push("whoami")["user_id"] == "kim"


def test_a_policy_that_gives_up_ends_the_connect():
    url = f"ws://127.0.0.1:{unused_port()}/socket"
    policy = Reconnect(give_up=lambda *_: True)

    with (
        pytest.raises(ConnectError, match=r"127\.0\.0\.1"),
        Socket(url, reconnect=policy),
    ):
        pass
