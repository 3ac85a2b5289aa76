"""docs/drawings: they are drawn from the code as it is now."""

from xml.etree import ElementTree as ET

import pytest

from rx_phoenix import operators
from rx_phoenix._channel.membership import CHANNEL_TRANSITIONS
from rx_phoenix._protocol.transitions import ConnectionEvent
from scripts.drawings.__main__ import FOLDER, drawings
from scripts.drawings.house import PARTS
from tests.docs.blocks import ROOT

DRAWINGS = drawings()
PACKAGE = ROOT / "rx_phoenix"


def words_of(name):
    return {element.text for element in ET.fromstring(DRAWINGS[name]).iter()}


def test_the_drawings_are_those_of_now():
    drawn = {path.name: path.read_text() for path in FOLDER.iterdir()}

    assert drawn == DRAWINGS, "redraw them: python -m scripts.drawings"


@pytest.mark.parametrize(
    ("name", "events"),
    [
        (
            "life-of-a-channel.svg",
            {e for row in CHANNEL_TRANSITIONS.values() for e in row},
        ),
        ("life-of-a-socket.svg", ConnectionEvent),
    ],
)
def test_a_life_shows_every_event(name, events):
    assert set(events) <= words_of(name)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_its_colours_in_viewers_without_css_variables(name):
    assert "var(" not in DRAWINGS[name]


def test_every_operator_is_drawn_on_its_page():
    page = ROOT.joinpath("docs/operators.md").read_text()
    drawn = {name[:-4] for name in DRAWINGS if f"(drawings/{name})" in page}

    assert drawn == {name for name in operators.__all__ if name.islower()}


@pytest.mark.parametrize("part", [part for part in PARTS if part.home])
def test_every_part_of_the_house_is_where_it_says(part):
    assert PACKAGE.joinpath(part.home).exists()
