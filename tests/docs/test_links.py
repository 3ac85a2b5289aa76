"""Every page: what it links to is there, without asking the network."""

import re

import pytest

from tests.docs.blocks import ROOT, anchors_of, text_of

LINK = re.compile(r"\]\(([^)\s]+)\)")

PAGES = [
    page.relative_to(ROOT).as_posix()
    for page in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))
]


@pytest.mark.parametrize("page", PAGES)
def test_a_link_within_the_project_leads_somewhere(page):
    dead = set()
    for link in LINK.findall(text_of(page)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (ROOT.joinpath(page).parent / path).resolve() if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            dead.add(link)

    assert dead == set()


def test_a_page_is_in_the_list_of_the_site():
    listed = set(
        re.findall(
            r": (\S+\.md)$", ROOT.joinpath("mkdocs.yml").read_text(), re.MULTILINE
        )
    )
    pages = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}

    assert pages <= listed


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_a_list_of_contents_names_every_part(page):
    listed = re.findall(r"^- \[.+\]\(#(.+)\)$", text_of(page), re.MULTILINE)
    parts = re.findall(r"^## (.*)$", text_of(page), re.MULTILINE)

    assert not listed or len(listed) == len(parts)
