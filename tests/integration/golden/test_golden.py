"""What a real Phoenix server said, the server in the box says too."""

import asyncio

import pytest

from tests.integration.golden.deviations import AS_VALUES, SKIPPED, SOONER
from tests.integration.golden.player import play
from tests.integration.golden.transcript import read_sections

SECTIONS = read_sections()
REPLAYED = [section for title, section in SECTIONS.items() if title not in SKIPPED]
QUICK = [section for section in REPLAYED if section.duration < 0.5]
SLOW = [section for section in REPLAYED if section.duration >= 0.5]


def title_of(section):
    return section.title


def replay(section):
    title = section.title
    return play(section, as_values=title in AS_VALUES, in_time=title not in SOONER)


@pytest.mark.parametrize("section", QUICK, ids=title_of)
async def test_the_server_says_what_a_real_one_said(section):
    await replay(section)


@pytest.fixture(scope="module")
def outcomes(request):
    """What became of the slow sections that were asked for, played side by side."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    asked = [call.params.get("slow_section") for call in calls if call]
    sections = [section for section in SLOW if section in asked]

    async def replay_all():
        plays = map(replay, sections)
        return await asyncio.gather(*plays, return_exceptions=True)

    titles = map(title_of, sections)
    return dict(zip(titles, asyncio.run(replay_all()), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("slow_section", SLOW, ids=title_of)
def test_the_server_takes_the_time_that_a_real_one_took(slow_section, outcomes):
    outcome = outcomes[slow_section.title]

    if outcome is not None:
        raise outcome


@pytest.mark.parametrize("title", [*AS_VALUES, *SKIPPED, *SOONER])
def test_a_deviation_is_one_from_a_section_that_exists(title):
    assert title in SECTIONS
