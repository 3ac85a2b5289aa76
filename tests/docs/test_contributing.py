"""CONTRIBUTING.md: what it shows runs, and what it names is there."""

import re

from tests.docs.blocks import ROOT, blocks_of

pytest_plugins = ["pytester"]


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
