"""Showing the feed."""

from io import StringIO

import msgspec
import pytest
import reactivex
from rich.console import Console

from examples.demo.tests.builders import BACKEND, STATS, entry, feed_of, snapshot_of
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.terminal import showing, summary

SCREEN_ON, SCREEN_OFF = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture
def feed():
    return feed_of(
        badges=reactivex.of(Badge(Status.LIVE)),
        stats=reactivex.of(STATS),
        log=reactivex.of(entry("Joined room:machine.")),
    )


def console(**options):
    return Console(file=StringIO(), width=80, height=24, **options)


def test_a_terminal_gets_a_screen_and_has_it_back_afterwards(feed, capsys):
    terminal = console(force_terminal=True)

    with showing(feed, BACKEND, terminal, lambda: 0.0, print) as show:
        show("In 3 s it breaks")

    written = terminal.file.getvalue()
    assert written.index(SCREEN_ON) < written.index("In 3 s it breaks")
    assert SCREEN_OFF in written
    assert "The demo is over" in capsys.readouterr().out


def test_a_terminal_has_its_screen_back_after_an_interrupt(feed):
    terminal = console(force_terminal=True)

    with (
        pytest.raises(KeyboardInterrupt),
        showing(feed, BACKEND, terminal, lambda: 0.0, print),
    ):
        raise KeyboardInterrupt

    assert SCREEN_OFF in terminal.file.getvalue()


def test_a_pipe_gets_each_line_once(feed, capsys):
    with showing(feed, BACKEND, console(), lambda: 0.0, print) as show:
        show("")
        show("")

    assert capsys.readouterr().out == "12:00:00  Joined room:machine.\n"


def test_a_dumb_terminal_gets_lines(feed, capsys):
    dumb = console(force_terminal=True, _environ={"TERM": "dumb"})

    with showing(feed, BACKEND, dumb, lambda: 0.0, print) as show:
        show("")

    assert "Joined room:machine." in capsys.readouterr().out


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_end_of_the_feed_is_reported(is_terminal):
    failures = []
    feed = feed_of(
        badges=reactivex.of(Badge(Status.LIVE)),
        stats=reactivex.of(STATS),
        figures=reactivex.throw(OSError("no figures")),
    )

    with showing(
        feed,
        BACKEND,
        console(force_terminal=is_terminal),
        lambda: 0.0,
        failures.append,
    ):
        pass

    assert len(failures) == 1


@pytest.mark.parametrize(
    ("reconnects", "words"),
    [({}, "0 times"), ({"a": 1}, "once"), ({"a": 1, "b": 1}, "2 times")],
)
def test_the_last_words_count_the_losses(reconnects, words):
    stats = msgspec.structs.replace(STATS, reconnects=reconnects)
    snapshot = snapshot_of(stats=stats, deliveries=Deliveries(9, 8))

    assert summary(snapshot) == (
        "The demo is over: 9 readings were pushed, 8 acknowledged; "
        f"the connection was lost {words}."
    )
