"""Whole lives, from the command line."""

import pytest

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.simulating import simulate_all
from rx_phoenix.testing._simulation import Broken
from tests.cli.terminal import run, terminal


def test_what_was_lived_through_is_told(capsys):
    assert simulate_all(range(2), sockets=1, steps=20) is ExitCode.OK
    assert "2 runs" in capsys.readouterr().out


def test_what_broke_is_shown_with_its_seed(capsys, monkeypatch):
    def break_at_once(seed, **_):
        raise Broken(seed, "it did not heal", ["0.0 s: opened", "0.1 s: lost"])

    monkeypatch.setattr("rx_phoenix._cli.simulating.simulate", break_at_once)

    assert simulate_all([7], sockets=1, steps=20) is ExitCode.REFUSED
    assert capsys.readouterr().out.splitlines() == [
        "0.0 s: opened",
        "0.1 s: lost",
        "Seed 7 broke it: it did not heal.",
    ]


@pytest.mark.slow
async def test_the_command_runs_in_a_pipe():
    ran = await run("simulate", "--seeds", "2", "--steps", "20")

    assert (ran.code, ran.err) == (0, "")
    assert "20 faults and actions passed" in ran.out


@pytest.mark.slow
async def test_the_command_runs_in_a_terminal():
    async with terminal("simulate", "--seeds", "2", "--steps", "20") as screen:
        await screen.until("20 faults and actions passed")

        assert await screen.end() == 0
