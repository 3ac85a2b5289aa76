"""Whole lives in virtual time: nothing breaks, and what would break is noticed."""

import os

import pytest

from rx_phoenix.testing._simulation import Broken, Invariant, simulate
from tests.simulation.bugs import BUGS, Bug, a_crashed_channel_stays_crashed

SEEDS = int(os.environ.get("RX_PHOENIX_SEEDS", "300"))
SHARE = 50
"""How many seeds one test lives through, so that a failure shows early."""

ENOUGH = 150
"""Within so many seeds a deliberate bug has to show."""


@pytest.mark.parametrize("first", range(0, SEEDS, SHARE))
def test_what_has_to_hold_holds_whatever_happens(first):
    for seed in range(first, first + SHARE):
        simulate(seed)


def test_the_same_seed_is_the_same_history():
    assert simulate(7) == simulate(7)


def found(bug):
    """What the simulation finds in a client with a bug."""
    for seed in range(ENOUGH):
        try:
            simulate(seed, steps=bug.steps)
        except Broken as broken:
            return broken
    pytest.fail("the bug went unnoticed")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.plant.__name__)
def test_a_bug_is_found_by_what_it_breaks(monkeypatch, bug):
    bug.plant(monkeypatch)

    assert found(bug).invariant is bug.breaks


def test_whatever_has_to_hold_is_broken_by_some_bug():
    assert {bug.breaks for bug in BUGS} == set(Invariant)


def test_a_broken_history_is_shown_as_short_as_it_can_be(monkeypatch):
    bug = Bug(a_crashed_channel_stays_crashed, Invariant.ALL_HEALS)
    bug.plant(monkeypatch)

    broken = found(bug)

    steps = [line for line in broken.timeline if " room:" in line]
    assert len(steps) < 25
    assert f"seed {broken.seed}: " in str(broken)
    assert Invariant.ALL_HEALS in str(broken)
