"""Simulated runs keep the invariants, and deliberate bugs are found."""

import os

import pytest

from rx_phoenix.testing._simulation import Broken, Invariant, simulate
from rx_phoenix.testing._simulation.plan import plan_of
from rx_phoenix.testing._simulation.world import World
from tests.simulation.bugs import BUGS, Bug, a_crashed_channel_stays_crashed

SEEDS = int(os.environ.get("RX_PHOENIX_SEEDS", "300"))
SHARE = 50
"""The number of seeds per test, small enough to show a failure early."""

ENOUGH = 150
"""The number of seeds within which a deliberate bug must show."""


@pytest.mark.parametrize("first", range(0, SEEDS, SHARE))
def test_every_invariant_holds_in_every_run(first):
    for seed in range(first, first + SHARE):
        simulate(seed)


def test_the_same_seed_is_the_same_history():
    assert simulate(7) == simulate(7)


def live(seed, steps):
    """Live through a run, without a search for the shortest."""
    World(seed, sockets=2).run(plan_of(seed, steps))


def found(bug, live=live):
    """Return the failure that a bug causes."""
    for seed in range(ENOUGH):
        try:
            live(seed, steps=bug.steps)
        except Broken as broken:
            return broken
    pytest.fail("the bug went unnoticed")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.plant.__name__)
def test_a_bug_breaks_its_invariant(monkeypatch, bug):
    bug.plant(monkeypatch)

    assert found(bug).invariant is bug.breaks


def test_every_invariant_is_broken_by_a_bug():
    assert {bug.breaks for bug in BUGS} == set(Invariant)


def test_a_broken_history_is_shortened(monkeypatch):
    bug = Bug(a_crashed_channel_stays_crashed, Invariant.ALL_HEALS)
    bug.plant(monkeypatch)

    broken = found(bug, simulate)

    assert broken.steps < 25
    assert [line.split()[0] for line in broken.lanes[0]] == ["server", "client"]
    assert f"seed {broken.seed}: " in str(broken)
    assert Invariant.ALL_HEALS in str(broken)
