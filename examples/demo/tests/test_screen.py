"""The screen, drawn."""

from io import StringIO

import msgspec
import pytest
from rich.console import Console

from examples.demo.tests.builders import BACKEND, STATS, entry, figures_of, snapshot_of
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.log import Level
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.screen import draw


def drawn(snapshot, size=(80, 24), now=0.0, next_event="In 3 s it breaks"):
    width, height = size
    console = Console(file=StringIO(), width=width, height=height, legacy_windows=False)
    console.print(draw(snapshot, BACKEND, now, next_event), height=height)
    return console.file.getvalue().rstrip("\n").split("\n")


@pytest.fixture
def figures(reading):
    """The figures of a minute, in which each core got its own load."""
    return figures_of(
        *(
            reading(at, cores=(at, 100.0 - at), sent=at * 1000, received=at * at)
            for at in range(60)
        )
    )


@pytest.mark.parametrize("size", [(80, 24), (132, 43), (200, 60)])
def test_the_screen_fills_the_terminal(figures, size):
    lines = drawn(snapshot_of(figures), size)

    assert len(lines) == size[1]
    assert {len(line) for line in lines} == {size[0]}


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (1, 1)])
def test_a_terminal_that_is_too_small_is_no_crash(figures, size):
    drawn(snapshot_of(figures), size)


def test_before_the_first_reading_the_panels_say_so():
    assert "waiting for the first reading" in "\n".join(drawn(snapshot_of()))


@pytest.mark.parametrize(
    "words",
    [
        "rx_phoenix demo",
        "ws://127.0.0.1:4000/socket",
        "room:machine",
        "● live",
        "Processor, 2 cores",
        "41 %",
        "Memory",
        "4.0 kB of 16.0 kB",
        "1.0 kB/s",
        "round trip  4.2 ms",
        "reconnects  1",
        "3 acknowledged",
        "12:00:00 ▪ Joined room:machine.",
        "no alarms",
        "In 3 s it breaks",
        "Ctrl-C ends it",
    ],
)
def test_the_screen_shows(figures, words):
    assert words in "\n".join(drawn(snapshot_of(figures)))


def test_the_badge_counts_down():
    badge = Badge(Status.RECONNECTING, attempt=3, due=12.5)

    assert (
        "reconnecting in 1.5 s, try 3" in drawn(snapshot_of(badge=badge), now=11.0)[0]
    )
    assert (
        "reconnecting in 0.0 s, try 3" in drawn(snapshot_of(badge=badge), now=13.0)[0]
    )


@pytest.mark.parametrize("status", Status)
def test_the_badge_knows_every_status(status):
    assert status.value in drawn(snapshot_of(badge=Badge(status)))[0]


def test_readings_that_wait_are_shown():
    lines = drawn(snapshot_of(deliveries=Deliveries(pushed=9, acknowledged=5)))

    assert "4 waiting" in "\n".join(lines)


def test_a_round_trip_that_is_not_measured_is_a_dash():
    stats = msgspec.structs.replace(STATS, round_trip=None)

    assert "round trip  -" in "\n".join(drawn(snapshot_of(stats=stats)))


def test_alarms_are_named_with_their_level(reading):
    figures = figures_of(reading(cores=(95.0,), memory=15_000))

    text = "\n".join(drawn(snapshot_of(figures)))

    assert "⚠ cpu 95 %, core 0 95 %, memory 94 %" in text


def test_only_the_latest_entries_are_shown():
    log = tuple(entry(f"Number {n}.", Level.BAD) for n in range(30))

    text = "\n".join(drawn(snapshot_of(log=log)))

    assert "Number 29." in text
    assert "Number 20." not in text


@pytest.mark.parametrize(("cores", "shown"), [(2, " 1 ━"), (8, " 7 ━"), (12, "11 ━")])
def test_cores_have_bars_while_there_is_room(reading, cores, shown):
    figures = figures_of(reading(cores=(50.0,) * cores))

    assert shown in "\n".join(drawn(snapshot_of(figures), (120, 40)))


def test_many_cores_are_a_strip_of_colours(reading):
    figures = figures_of(reading(cores=(50.0,) * 128))

    assert "■" * 40 in "\n".join(drawn(snapshot_of(figures)))
