"""Ten thousand clients lose their server at once, and come back spread."""

import pytest

from rx_phoenix import Backoff, ConnectionLost, Reconnect
from scripts.herd.cases import storms
from scripts.herd.page import IMAGE, PAGE, with_figures
from scripts.herd.picture import draw
from scripts.herd.storm import storm

TOLERABLE = 0.02
"""The share of all clients that may try within any 100 ms."""

RESTARTED = ConnectionLost(1012)
RESET = ConnectionLost(1006)


@pytest.fixture(scope="module")
def lived():
    return storms()


@pytest.mark.parametrize("away", [0, 3, 10, 30])
def test_after_a_restart_they_are_spread_however_long_it_takes(away):
    restart = storm(Reconnect(), RESTARTED, away=away, seed=2)

    assert len(restart.returned) == 10_000
    assert restart.peak() < TOLERABLE


def test_after_a_crash_they_are_spread_if_their_policy_is():
    crash = storm(Reconnect(Backoff(12.0, jitter="full")), RESET, away=3, seed=3)

    assert crash.peak() < TOLERABLE


def test_after_a_crash_the_usual_policy_is_quick_first_and_spread_by_and_by():
    crash = storm(Reconnect(), RESET, away=10, seed=4)

    assert crash.attempts[0] < 0.01
    assert crash.peak(since=10) < 1.2 * TOLERABLE


def test_a_server_that_vanishes_is_noticed_by_one_after_another():
    vanished = storm(Reconnect(), RESET, away=0, notice=(10.0, 35.0), seed=5)

    assert vanished.peak() < TOLERABLE / 2


def test_the_same_seed_is_the_same_storm():
    first, second = (
        storm(Reconnect(), RESET, away=1, clients=100, seed=6) for _ in range(2)
    )

    assert first == second


def test_the_picture_and_the_figures_in_the_page_are_those_of_now(lived):
    # Written anew by: python -m scripts.herd
    assert IMAGE.read_text() == draw(lived)
    assert PAGE.read_text() == with_figures(PAGE.read_text(), lived)
