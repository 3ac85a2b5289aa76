"""How the page looks."""

import re

import pytest

from rx_phoenix_demo.web.style import COLOURS, CONTROLS, FRAGMENTS, PAGE


@pytest.mark.parametrize("css", [FRAGMENTS, CONTROLS, PAGE])
def test_every_colour_that_is_used_is_one_of_ours(css):
    known = {*COLOURS, *re.findall(r"--(\w+):", css)}

    assert set(re.findall(r"var\(--(\w+)\)", css)) <= known


@pytest.mark.parametrize("text", [FRAGMENTS, CONTROLS, PAGE])
def test_nothing_is_asked_of_the_network(text):
    assert not re.search(r"https?://|@import|//\w", text)
