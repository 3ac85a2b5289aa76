"""The pages beside the README: what they show runs, and what they name is there."""

import re

import pytest

from tests.docs.blocks import ROOT, blocks_of

pytest_plugins = ["pytester"]

PAGES = ["CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md"]


def test_the_test_that_a_report_may_look_like_passes(pytester):
    (block,) = blocks_of("CONTRIBUTING.md")
    pytester.makepyfile(block.code)

    result = pytester.runpytest_inprocess("-p", "no:asyncio")

    result.assert_outcomes(passed=1)


def test_every_script_is_named():
    page = ROOT.joinpath("CONTRIBUTING.md").read_text()
    scripts = {path.name for path in ROOT.joinpath("scripts").iterdir()}
    named = set(re.findall(r"\./scripts/(\w+)", page))

    assert named <= scripts
    assert {"check", "package", "test"} <= named


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", ROOT.joinpath(page).read_text())

    assert [link for link in links if not ROOT.joinpath(link).exists()] == []
