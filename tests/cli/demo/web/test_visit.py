"""One browser's stay, without the browser."""

from dataclasses import replace

import pytest
from bokeh.document import Document
from bokeh.models import RadioButtonGroup

from rx_phoenix._cli.demo.web.board import Board
from rx_phoenix._cli.demo.web.visit import Visit
from rx_phoenix._streams.state import State
from rx_phoenix.testing import Answers, Sends
from tests.cli.demo.scenery import STAGE, dated, scene_of


def why():
    return "It is broken."


@pytest.fixture
def failures():
    return []


@pytest.fixture
def board(phx, hot, failures):
    """A board whose scenes are numbered by their news; its channel is joined."""
    phx.letters(R=Sends("shout_others"), y=Answers("R"))
    channel = phx.socket.channel("room:machine")
    channel.join()
    scenes = {n: scene_of(news=(dated(f"Number {n}."),)) for n in "abc"}
    source = hot("--a-(bc)-", scenes)
    clock = lambda: phx.clock  # noqa: E731 - a property as a function
    return Board(STAGE, source, channel, State(0, print), clock, why, failures.append)


@pytest.fixture
def document():
    return Document()


def tick(document):
    """Do what waits for the next tick of a document."""
    for callback in document.session_callbacks:
        document.remove_next_tick_callback(callback)
        callback.callback()


def text(document, name):
    return document.select_one({"name": name}).text


def test_a_document_changes_only_in_its_own_tick(phx, board, document):
    phx.keep(Ending(Visit(document, board)))
    phx.run(server="oj--")
    before = text(document, "news")
    tick(document)

    assert before == ""
    assert "Number a." in text(document, "news")


def test_the_badge_says_why(phx, board, document):
    phx.keep(Ending(Visit(document, board)))
    phx.run(server="oj--")
    tick(document)

    assert 'title="It is broken."' in text(document, "badge")


def test_of_several_scenes_the_latest_is_shown_once(phx, board, document):
    phx.keep(Ending(Visit(document, board)))
    phx.run(server="oj-----")

    assert len(document.session_callbacks) == 1
    tick(document)
    assert "Number c." in text(document, "news")


class Ending:
    """Ends a visit at the end of the test."""

    def __init__(self, visit):
        self.dispose = visit.end


def test_a_visit_counts_until_it_ends(board, document):
    visit = Visit(document, board)
    during = board.browsers.value
    visit.end()
    visit.end()

    assert (during, board.browsers.value) == (1, 0)


def test_a_visit_ends_with_its_session(board, document):
    Visit(document, board)

    for callback in document.session_destroyed_callbacks:
        callback(None)

    assert board.browsers.value == 0


def test_a_visit_that_has_ended_shows_nothing(phx, board, document):
    Visit(document, board).end()
    phx.run(server="oj----")

    assert document.session_callbacks == []


def test_a_wish_is_pushed_and_its_answer_shown(phx, board, document):
    phx.keep(Ending(Visit(document, board)))
    phx.run(server="oj-")
    tick(document)
    document.select_one({"type": RadioButtonGroup}).active = 0
    asking = text(document, "answer")
    phx.run(server="--y-")
    tick(document)

    (wish,) = phx.sent("R")
    assert wish.payload == {"every": 0.5}
    assert "asking" in asking
    assert 'class="ok"' in text(document, "answer")


def test_an_end_of_the_scenes_is_told(phx, board, document, cold, failures):
    broken = replace(board, scenes=cold("#", error=OSError("gave up")))
    phx.keep(Ending(Visit(document, broken)))
    phx.run(server="oj")

    assert [str(error) for error in failures] == ["gave up"]
