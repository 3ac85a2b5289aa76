"""docs/start.md: its files work together as the page says."""

import sys

import pytest

from tests.docs.blocks import URL, blocks_of, is_as_shown, shell, steps_of

pytest_plugins = ["pytester"]

PAGE = "docs/start.md"
FILES = {block.title: block for block in blocks_of(PAGE)}
PROGRAMS = [block for block in FILES.values() if block.is_program]


@pytest.fixture
def folder(tmp_path, served):
    """A newcomer's folder, when all is saved."""
    for name, block in FILES.items():
        tmp_path.joinpath(name).write_text(block.code.replace(URL, served))
    return tmp_path


def test_every_block_has_the_name_of_a_file():
    assert list(FILES) == ["first.py", "averages.py", "live.py", "test_averages.py"]


@pytest.mark.integration
@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.title)
def test_a_program_prints_what_the_page_says(block, folder, served):
    assert shell(f"{sys.executable} {block.title}", served, folder) == block.output


def test_the_marble_tests_pass(pytester, monkeypatch):
    pytester.makepyfile(**{name[:-3]: FILES[name].code for name in ("averages.py",)})
    pytester.makepyfile(FILES["test_averages.py"].code)
    monkeypatch.syspath_prepend(pytester.path)

    result = pytester.runpytest_inprocess("-p", "no:asyncio")

    result.assert_outcomes(passed=len(FILES["test_averages.py"].tests))


@pytest.mark.integration
@pytest.mark.parametrize(("command", "shown"), steps_of(PAGE), ids=lambda text: "")
def test_a_command_prints_what_the_page_says(command, shown, served, tmp_path):
    assert is_as_shown(shell(command, served, tmp_path), shown)
