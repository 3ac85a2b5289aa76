"""How fast a server answers."""

import json

from rx_phoenix._cli.bench import figures
from tests.cli.terminal import run, terminal


def test_the_figures_are_of_all_trips():
    told = figures([number / 1000 for number in range(1, 101)], 2.0)

    assert told["pushes"] == 100
    assert told["pushes_per_second"] == 50.0
    assert told["median"] < told["p90"] < told["p99"] <= told["longest"] == 0.1


def test_the_figures_of_one_trip_are_that_trip():
    told = figures([0.5], 0.5)

    assert told["median"] == told["p99"] == told["longest"] == 0.5


async def test_a_pipe_gets_the_figures_as_json(server):
    ran = await run(
        *("bench", server.url, "room:a", "echo", '{"n":1}'),
        *("--pushes", "20", "--at-once", "4"),
    )

    assert ran.code == 0
    assert json.loads(ran.out)["pushes"] == 20


async def test_a_terminal_gets_them_too(server):
    async with terminal(
        "bench", server.url, "room:a", "echo", "--pushes", "20"
    ) as screen:
        await screen.until("pushes_per_second")

        assert await screen.end() == 0


async def test_an_event_that_is_refused_is_no_measure(server):
    ran = await run("bench", server.url, "room:a", "fail")

    assert ran.code == 1
    assert "nope" in ran.err
