"""The page of one browser, without the browser."""

import pytest
from bokeh.document import Document
from bokeh.models import Div, RadioButtonGroup, VStrip
from jinja2 import Template

from examples.demo.tests.builders import BACKEND, figures_of, snapshot_of
from rx_phoenix import Reply
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.web.page import HEIGHTS, TEXTS, Page
from rx_phoenix_demo.web.style import PAGE

BASE = "{% block postamble %}{% endblock %}{% block inner_body %}{% endblock %}"


@pytest.fixture
def asked():
    return []


@pytest.fixture
def document():
    return Document()


@pytest.fixture
def page(document, asked):
    return Page(document, BACKEND, asked.append)


def text(document, name):
    return document.select_one({"name": name, "type": Div}).text


def buttons(document):
    return document.select_one({"type": RadioButtonGroup})


def test_the_template_has_a_place_for_everything(page, document):
    embedded = []
    roots = {root.name: root.name for root in document.roots}
    given = {
        "base": Template(BASE),
        "colours": {},
        "light": {},
        "embed": embedded.append,
    }
    given |= {"plot_script": "", "bokeh_js": "", "bokeh_css": ""}
    Template(PAGE).render(roots=roots, **given)

    assert sorted(embedded) == sorted(roots)


def test_every_piece_is_filled(page, document, reading):
    page.show(snapshot_of(figures_of(reading(cores=(99.0,)))), 0.0)
    page.show_reply(Reply("ok", {}), 0.001)

    assert all(text(document, name) for name in TEXTS)
    assert "live" in text(document, "badge")
    assert "99 %" in text(document, "alarms")


def test_before_the_first_reading_there_is_a_page_as_well(page, document):
    page.show(snapshot_of(), 0.0)

    assert "No alarms" in text(document, "alarms")


@pytest.mark.parametrize(
    ("status", "opacity"), [(Status.LIVE, "1"), (Status.STALE, "0.4")]
)
def test_charts_fade_while_they_are_old(page, document, status, opacity):
    page.show(snapshot_of(badge=Badge(status)), 0.0)

    plot = document.select_one({"name": "processor"})
    assert plot.styles["opacity"] == opacity


def test_a_page_that_opens_after_a_downtime_has_its_band_in_every_chart(
    page, document, reading
):
    past = snapshot_of(figures_of(reading(9)), downtimes=(Downtime(2.0, 4.0),))
    page.show(past, 0.0)

    for name in HEIGHTS:
        plot = document.select_one({"name": name})
        (strip,) = (r for r in plot.renderers if isinstance(r.glyph, VStrip))
        assert len(strip.data_source.data["began"]) == 1


def test_there_is_a_line_for_every_core(page, document, reading):
    page.show(snapshot_of(figures_of(reading(cores=(1.0,)))), 0.0)
    before = len(document.select_one({"name": "processor"}).renderers)
    page.show(snapshot_of(figures_of(reading(cores=(1.0, 2.0, 3.0)))), 0.0)

    assert len(document.select_one({"name": "processor"}).renderers) == before + 2


def test_a_button_asks_for_its_rate(page, document, asked):
    page.show(snapshot_of(), 0.0)
    buttons(document).active = 2

    assert asked == [2.0]


def test_the_buttons_follow_the_readings_without_asking(page, document, asked, reading):
    page.show(snapshot_of(figures_of(reading(every=0.5))), 0.0)

    assert buttons(document).active == 0
    assert asked == []


def test_a_rate_without_a_button_presses_none(page, document, asked, reading):
    page.show(snapshot_of(figures_of(reading(every=0.5))), 0.0)
    page.show(snapshot_of(figures_of(reading(every=0.7))), 0.0)

    assert buttons(document).active is None
    assert asked == []


def test_bokeh_does_not_come_back_in_its_own_way(page, document):
    assert not document.config.reconnect_session
    assert not document.config.notify_connection_status
