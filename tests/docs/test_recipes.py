"""docs/recipes.md: every recipe passes the test that stands below it."""

import re

import pytest

from tests.docs.blocks import ROOT

pytest_plugins = ["pytester"]

PAGE = ROOT.joinpath("docs/recipes.md").read_text()
TITLE = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)

_, *PARTS = TITLE.split(PAGE)
RECIPES = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


@pytest.mark.parametrize("title", RECIPES)
@pytest.mark.slow
def test_a_recipe_passes_its_tests(title, pytester):
    code = "\n".join(BLOCK.findall(RECIPES[title]))
    tests = re.findall(r"^def (test_\w+)", code, re.MULTILINE)
    assert tests
    pytester.makepyfile(code)

    result = pytester.runpytest_inprocess("-p", "no:asyncio", "-W", "error")

    result.assert_outcomes(passed=len(tests))


def test_every_recipe_is_in_the_list_at_the_top():
    listed = re.findall(r"^- \[(.+?)\]", PAGE, re.MULTILINE)

    assert listed == list(RECIPES)
