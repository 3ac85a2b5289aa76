"""The session of one browser, without the browser."""

from dataclasses import replace

import pytest
from bokeh.document import Document
from bokeh.models import RadioButtonGroup
from reactivex.subject import BehaviorSubject

from examples.demo.tests.builders import BACKEND, entry, snapshot_of
from rx_phoenix.testing import Answers, Sends
from rx_phoenix_demo.web.dashboard import Dashboard
from rx_phoenix_demo.web.session import PageSession


def why():
    return "It is broken."


@pytest.fixture
def failures():
    return []


@pytest.fixture
def dashboard(phx, hot, failures):
    """A dashboard whose snapshots are numbered by their log; its channel is joined."""
    phx.letters(R=Sends("shout_others"), y=Answers("R"))
    channel = phx.socket.channel("room:machine")
    channel.join()
    snapshots = {n: snapshot_of(log=(entry(f"Number {n}."),)) for n in "abc"}
    source = hot("--a-(bc)-", snapshots)
    clock = lambda: phx.clock  # noqa: E731 - a property as a function
    return Dashboard(
        BACKEND, source, channel, BehaviorSubject(0), clock, why, failures.append
    )


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


def test_a_document_changes_only_in_its_own_tick(phx, dashboard, document):
    phx.keep(Ending(PageSession(document, dashboard)))
    phx.run(server="oj--")
    before = text(document, "log")
    tick(document)

    assert before == ""
    assert "Number a." in text(document, "log")


def test_the_badge_says_why(phx, dashboard, document):
    phx.keep(Ending(PageSession(document, dashboard)))
    phx.run(server="oj--")
    tick(document)

    assert 'title="It is broken."' in text(document, "badge")


def test_of_several_snapshots_the_latest_is_shown_once(phx, dashboard, document):
    phx.keep(Ending(PageSession(document, dashboard)))
    phx.run(server="oj-----")

    assert len(document.session_callbacks) == 1
    tick(document)
    assert "Number c." in text(document, "log")


class Ending:
    """Ends a session at the end of the test."""

    def __init__(self, session):
        self.dispose = session.end


def test_a_session_counts_until_it_ends(dashboard, document):
    session = PageSession(document, dashboard)
    during = dashboard.browsers.value
    session.end()
    session.end()

    assert (during, dashboard.browsers.value) == (1, 0)


def test_a_session_ends_with_bokehs(dashboard, document):
    PageSession(document, dashboard)

    for callback in document.session_destroyed_callbacks:
        callback(None)

    assert dashboard.browsers.value == 0


def test_a_session_that_has_ended_shows_nothing(phx, dashboard, document):
    PageSession(document, dashboard).end()
    phx.run(server="oj----")

    assert document.session_callbacks == []


def test_a_request_is_pushed_and_its_reply_shown(phx, dashboard, document):
    phx.keep(Ending(PageSession(document, dashboard)))
    phx.run(server="oj-")
    tick(document)
    document.select_one({"type": RadioButtonGroup}).active = 0
    asking = text(document, "answer")
    phx.run(server="--y-")
    tick(document)

    (request,) = phx.sent("R")
    assert request.payload == {"every": 0.5}
    assert "asking" in asking
    assert 'class="ok"' in text(document, "answer")


def test_an_error_of_the_snapshots_is_reported(
    phx, dashboard, document, cold, failures
):
    broken = replace(dashboard, snapshots=cold("#", error=OSError("gave up")))
    phx.keep(Ending(PageSession(document, broken)))
    phx.run(server="oj")

    assert [str(error) for error in failures] == ["gave up"]
