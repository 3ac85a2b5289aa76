"""docs/api: every public name is there."""

import re

import pytest

import rx_phoenix
import rx_phoenix.supabase.blocking
from rx_phoenix import blocking, operators, supabase, testing
from rx_phoenix.testing import supabase as supabase_server
from tests.docs.blocks import ROOT

NAMES = {
    "rx_phoenix": {name for name in rx_phoenix.__all__ if name != "__version__"},
    "blocking": set(blocking.__all__),
    "operators": set(operators.__all__),
    "supabase": [
        *supabase.__all__,
        *supabase.blocking.__all__,
        *supabase_server.__all__,
    ],
    "testing": set(testing.__all__),
}


@pytest.mark.parametrize("page", NAMES)
def test_every_public_name_is_on_its_page(page):
    text = ROOT.joinpath(f"docs/api/{page}.md").read_text()
    listed = re.findall(r"^::: [\w.]+\.(\w+)$", text, re.MULTILINE)

    assert sorted(listed) == sorted(NAMES[page])


def test_no_page_lists_members_of_the_nouns_by_hand():
    text = ROOT.joinpath("docs/api/rx_phoenix.md").read_text()
    nouns, _, _ = text.partition("::: rx_phoenix.SocketState")

    assert "options:" not in nouns
