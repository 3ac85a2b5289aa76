"""docs/api: every public name is there."""

import re

import pytest

import rx_phoenix
from rx_phoenix import Channel, operators, testing
from tests.docs.blocks import ROOT
from tests.docs.test_from_phoenix_js import INTERNAL

NAMES = {
    "rx_phoenix": {name for name in rx_phoenix.__all__ if name != "__version__"},
    "operators": set(operators.__all__),
    "testing": set(testing.__all__),
}


@pytest.mark.parametrize("page", NAMES)
def test_every_public_name_is_on_its_page(page):
    text = ROOT.joinpath(f"docs/api/{page}.md").read_text()
    listed = re.findall(r"^::: [\w.]+\.(\w+)$", text, re.MULTILINE)

    assert sorted(listed) == sorted(NAMES[page])


def test_every_member_of_a_channel_is_on_the_page():
    text = ROOT.joinpath("docs/api/rx_phoenix.md").read_text()
    _, _, below = text.partition("::: rx_phoenix.Channel\n")
    listed = re.findall(r"^ +- (\w+)$", below.partition(":::")[0], re.MULTILINE)
    public = {name for name in vars(Channel) if not name.startswith("_")}

    assert set(listed) == public - set(INTERNAL.split()) - {"on_message"}
