"""A hook of MkDocs: pages outside of docs/, and drawings that follow their page.

Pages link to each other as files of the project, so that they can be read where the
project is. In the site the README is the first page, and a source that a page links to
is a page as well.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

__all__ = ["on_files", "on_page_content", "on_page_markdown", "on_post_page"]

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"""(?<=\]\()[^)\s#]+|(?<= src=")[^"\s#]+""")
ALONE = re.compile(r"@media\(prefers-color-scheme:dark\)\{(.*?\})\}")
"""How a drawing is dark when no page says so."""

DRAWING = re.compile(r'<img alt="([^"]*)" src="[^"]*drawings/([\w-]+\.svg)"\s*/?>')

ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe|link)\b[^>]*=["']?(?:https?:)?//[^>]*>"""
)
"""What a browser fetches from another host."""

BESIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""The pages of the project's root, and what they are in the site."""

ORIGINS = {name: path for path, name in BESIDE.items()}

IMAGES = {".gif", ".png", ".svg"}
LANGUAGES = {".py": "python", ".toml": "toml", ".sh": "bash"}

HIDDEN = "---\nsearch:\n  exclude: true\n---\n\n"
"""Sources are read where a page links to them, not found in a search."""


def page_of(path: str) -> str:
    """The page of the site that shows a file or a folder of the project."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if Path(path).suffix in IMAGES:
        return f"source/{path}"
    return BESIDE.get(path) or f"source/{path.removesuffix('.md')}.md"


def links_of(path: str) -> Iterator[str]:
    """The files and folders of the project that a page of it links to."""
    place = ROOT / path
    if place.is_dir():
        yield from listing(path)
    elif place.suffix == ".md":
        targets = (resolved(path, link) for link in LINK.findall(place.read_text()))
        yield from (
            target for target in targets if target and ROOT.joinpath(target).exists()
        )


def resolved(path: str, link: str) -> str:
    """What a link of a page leads to in the project; empty for another place."""
    if ":" in link:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what the pages link to outside of docs/."""
    inside = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    for path, name in BESIDE.items():
        text = ROOT.joinpath(path).read_text()
        files.append(File.generated(config, name, content=text))
    shown, wanted = set[str](), {*inside, *BESIDE}
    while wanted := wanted - shown:
        shown |= wanted
        wanted = {link for path in wanted for link in links_of(path)}
    for path in sorted(shown):
        if not path.startswith("docs/") and path not in BESIDE:
            page = File.generated(
                config,
                page_of(path),
                content=source(path),
                inclusion=InclusionLevel.NOT_IN_NAV,
            )
            files.append(page)
    return files


def listing(path: str) -> list[str]:
    """The sources in a folder, and in those in it."""
    found = sorted(ROOT.joinpath(path).rglob("*.py"))
    return [file.relative_to(ROOT).as_posix() for file in found]


def source(path: str) -> str | bytes:
    """A page that shows a source, or what is in a folder; an image as it is."""
    place = ROOT / path
    if place.suffix in IMAGES:
        return place.read_bytes()
    if place.is_dir():
        rows = [
            f"- [{name}]({posixpath.relpath(name, posixpath.dirname(path) or '.')})"
            for name in listing(path)
        ]
        return f"{HIDDEN}# {path}\n\n" + "\n".join(rows) + "\n"
    if place.suffix == ".md":
        return f"{HIDDEN}{place.read_text()}"
    language = LANGUAGES.get(place.suffix, "text")
    return f"{HIDDEN}# {path}\n\n``````{language}\n{place.read_text()}``````\n"


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let links lead to where the site has what they lead to in the project."""
    here = page.file.src_uri
    origin = ORIGINS.get(here) or f"docs/{here}"
    if here.startswith("source/"):
        origin = here.removeprefix("source/")

    def follow(link: re.Match[str]) -> str:
        target = resolved(origin, link[0])
        if not target or not ROOT.joinpath(target).exists():
            return link[0]
        return posixpath.relpath(page_of(target), posixpath.dirname(here) or ".")

    return LINK.sub(follow, markdown)


def on_page_content(html: str, **_: object) -> str:
    """Put drawings into the page itself, so that they are light or dark as it is."""

    def draw(image: re.Match[str]) -> str:
        svg = ROOT.joinpath("docs/drawings", image[2]).read_text()
        svg = ALONE.sub(r'[data-md-color-scheme="slate"] \1', svg)
        return f'<div class="sheet">{svg}</div>'

    return DRAWING.sub(draw, html)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Refuse a page that fetches anything from another host."""
    if found := ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {found[0]}")
    return output
