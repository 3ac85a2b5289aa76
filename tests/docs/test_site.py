"""The site: it can be read from a disk, and a page of it fetches nothing elsewhere."""

import re

from tests.browser import demand_browser, running_browser
from tests.docs.blocks import ROOT

WORKER = ROOT / "docs/iframe-worker.js"
SETTINGS = ROOT.joinpath("mkdocs.yml").read_text()

PAGE = """
<!doctype html><script src="iframe-worker.js"></script><body><script>
const worker = new Worker("twice.js")
worker.addEventListener("message", ({ data }) => { document.title = data })
worker.postMessage(21)
</script>
"""
TWICE = 'addEventListener("message", ({ data }) => postMessage(`${2 * data}`))'


def test_the_site_has_fonts_and_a_worker_of_its_own():
    polyfills = re.search(r"^  polyfills: \[([^\]]*)\]", SETTINGS, re.MULTILINE)

    assert polyfills[1] == WORKER.name
    assert re.search(r"^  font: false\b", SETTINGS, re.MULTILINE)


async def test_a_page_on_a_disk_has_workers(tmp_path):
    demand_browser()
    tmp_path.joinpath("page.html").write_text(PAGE)
    tmp_path.joinpath("twice.js").write_text(TWICE)
    tmp_path.joinpath(WORKER.name).write_text(WORKER.read_text())

    page = tmp_path.joinpath("page.html").as_uri()
    async with running_browser() as browser, browser.tab(page) as tab:
        assert await tab.until("document.title === '42'")
        assert tab.complaints == []
