"""Simulations of users' programs: their faults, their verdicts and what is shown."""

import asyncio

import pytest

from rx_phoenix import SerializerV1, UsageError
from rx_phoenix.operators import for_each
from rx_phoenix.testing import Broken, ServerChannel, simulate


class Echo(ServerChannel):
    """A channel that answers what it gets."""

    def handle_in(self, event, payload, ref):
        self.reply(ref, "ok", payload)


SERVER = {"room:*": Echo}


async def join(new_socket):
    async with new_socket(params={"name": "jo"}) as socket:
        socket.channel("room:1").join().receive("error", print)
        await asyncio.sleep(3600)


def every_channel_is_joined(run):
    if run.is_calm:
        (socket,) = run.sockets
        return socket.channel("room:1").state == "joined"
    return True


def a_channel_is_always_joined(run):
    return run.clock < 10 or run.sockets[0].channel("room:1").state == "joined"


def simulate_join(seeds=range(3), *invariants, **options):
    return simulate(join, server=SERVER, seeds=seeds, invariants=invariants, **options)


def test_a_program_that_recovers_holds_in_every_run():
    assert simulate_join(range(3), every_channel_is_joined) == 3


def test_a_program_may_speak_version_1():
    answers = []

    async def app(new_socket):
        async with new_socket(serializer=SerializerV1()) as socket:
            channel = socket.channel("room:1")
            channel.join().receive("error", print)
            channel.push("echo", {"n": 1}).receive("ok", answers.append)
            await asyncio.sleep(3600)

    invariants = [every_channel_is_joined]
    assert simulate(app, server=SERVER, seeds=[1], invariants=invariants) == 1
    assert answers == [{"n": 1}]


def broken_by(*args, **options):
    with pytest.raises(Broken) as broken:
        simulate(*args, **options)
    return broken.value


def test_a_broken_run_shows_two_lanes_its_shortest_history_and_the_line_that_keeps_it():
    broken = broken_by(join, server=SERVER, invariants=[a_channel_is_always_joined])

    assert broken.invariant == "a channel is always joined"
    assert broken.steps == 1
    (lanes,) = broken.lanes
    assert [line.split()[0] for line in lanes] == ["server", "client"]
    assert "*" in lanes[1]
    assert sum("step: " in line for line in broken.timeline) == 1
    kept = (
        f"simulate(join, server={{'room:*': Echo}}, seeds=[{broken.seed}], "
        "invariants=[a_channel_is_always_joined])"
    )
    assert str(broken).endswith(f"keep it: {kept}")


def test_the_kept_line_breaks_again():
    first = broken_by(join, server=SERVER, invariants=[a_channel_is_always_joined])
    again = broken_by(
        join,
        server=SERVER,
        seeds=[first.seed],
        invariants=[a_channel_is_always_joined],
    )

    assert str(again) == str(first)


def test_a_channel_knows_what_its_client_sent_to_connect():
    seen = []

    class Private(ServerChannel):
        def join(self, params):
            asked = self.socket
            seen.append((asked.params["name"], asked.auth_token, asked.headers["x-a"]))

    async def app(new_socket):
        options = {"params": {"name": "jo"}, "auth_token": "t", "headers": {"X-A": "1"}}
        async with new_socket(**options) as socket:
            socket.channel("room:1").join().receive("error", print)
            await asyncio.sleep(3600)

    simulate(app, server={"room:*": Private}, seeds=[1])

    assert {*seen} == {("jo", "t", "1")}


def test_a_program_that_is_not_a_coroutine_function_is_named():
    broken = broken_by(lambda _: None, server=SERVER, seeds=[1])

    assert "app must be a coroutine function of new_socket" in str(broken)


def test_heartbeats_are_left_out_of_the_history():
    broken = broken_by(join, server=SERVER, invariants=[a_channel_is_always_joined])

    assert "HeartbeatAnswered" not in str(broken)


def test_a_program_that_raises_is_broken_without_any_step():
    async def app(new_socket):
        raise ValueError("mine")

    broken = broken_by(app, server=SERVER)

    assert broken.steps == 0
    assert "it raised ValueError('mine')" in str(broken)


def test_a_callback_that_raises_breaks_a_run():
    async def app(new_socket):
        async with new_socket() as socket:
            channel = socket.channel("room:1")
            channel.on("tick", lambda payload: payload["typo"])
            channel.join().receive("error", print)
            await asyncio.sleep(3600)

    def tick(run):
        run.server.broadcast("room:1", "tick", {})

    broken = broken_by(app, server=lambda: SERVER, actions=[tick])

    assert "KeyError('typo')" in str(broken)
    assert broken.steps == 1
    assert "actions=[tick]" in str(broken)


def test_a_program_that_outlives_its_end_is_broken():
    async def app(new_socket):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    broken = broken_by(app, server=SERVER, seeds=[1], steps=1)

    assert "survives its end" in str(broken)


def test_a_consumer_that_is_full_pauses_the_network():
    saved, paused = [], []

    async def app(new_socket):
        async def save(row):
            await asyncio.sleep(1)
            saved.append(row["n"])
            paused.append("Nothing was read" in socket.diagnosis())

        async with new_socket() as socket:
            rows = socket.channel("room:1").stream("row")
            await for_each(rows, save, maxsize=2, overflow="wait")

    def send_nine_rows(run):
        for n in range(9):
            run.server.broadcast("room:1", "row", {"n": n})

    assert simulate(app, server=SERVER, seeds=[1], actions=[send_nine_rows]) == 1
    assert saved[:9] == [*range(9)]
    assert True in paused


def test_an_action_has_the_server_the_time_and_randomness():
    seen = []

    def look(run):
        seen.append((len(run.sockets), run.random.random(), run.clock > 0))

    assert simulate_join([1], actions=[look]) == 1
    first, seen[:] = [*seen], []
    simulate_join([1], actions=[look])

    assert seen == first
    assert all(sockets == 1 and late for sockets, _, late in seen)


def test_a_program_needs_a_server():
    with pytest.raises(UsageError, match=r"simulate.app. needs a server"):
        simulate(join)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"app": 5.0}, "app"),
        ({"server": Echo}, "server"),
        ({"server": 5}, "server"),
        ({"seeds": 5}, "seeds"),
        ({"seeds": ["1"]}, "a seed"),
        ({"invariants": every_channel_is_joined}, "invariants"),
        ({"invariants": [5]}, "an invariant"),
        ({"actions": [5]}, "an action"),
        ({"invariants": [join]}, "an invariant"),
        ({"actions": [join]}, "an action"),
    ],
)
def test_a_wrong_argument_is_refused_at_the_call(options, name):
    arguments = {"app": join, "server": SERVER, "seeds": [1], **options}

    with pytest.raises(UsageError, match=f"^{name} must be"):
        simulate(**arguments)


def test_a_mistake_of_an_invariant_has_its_name():
    def rows_are_known(run):
        return run.rows

    broken = broken_by(join, server=SERVER, seeds=[1], invariants=[rows_are_known])

    assert "it raised AttributeError(" in str(broken)
    assert "(but rows are known)" in str(broken)


def test_a_mistake_of_an_action_has_its_name():
    def save_a_row(run):
        run.rows.append(1)

    broken = broken_by(join, server=SERVER, seeds=[1], actions=[save_a_row])

    assert "(but the action save_a_row raises nothing)" in str(broken)


def test_runs_with_faults_do_not_fill_the_log(caplog):
    simulate_join([1])

    assert caplog.text == ""
