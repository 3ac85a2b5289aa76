"""The code in a page of Markdown, and what the page says that it prints."""

import ast
import inspect
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import rx_phoenix

__all__ = [
    "ROOT",
    "URL",
    "Block",
    "anchors_of",
    "blocks_of",
    "is_as_shown",
    "run_inside",
    "run_program",
    "shell",
    "steps_of",
    "text_of",
]

ROOT = Path(__file__).parents[2]

URL = "ws://127.0.0.1:4000/socket"
"""Where the pages say that a server is."""

BLOCK = re.compile(
    r"""```python(?: title="(\S+)")?\n(.*?)```(?:\n+```text\n(.*?)```)?""", re.DOTALL
)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
STEP = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        line: Where it stands in its page.
        code: The code.
        output: What it prints, as the block of text after it says; empty without one.
        title: The name of the file that the page calls it; empty without one.
    """

    line: int
    code: str
    output: str
    title: str = ""

    @property
    def is_program(self) -> bool:
        """Whether it runs by itself."""
        return "asyncio.run(" in self.code

    @property
    def tests(self) -> list[str]:
        """The names of the tests in it."""
        return re.findall(r"def (test_\w+)", self.code)


def blocks_of(page: str) -> list[Block]:
    """The blocks of Python in a page, by its path in the project."""
    text = ROOT.joinpath(page).read_text()
    return [
        Block(text.count("\n", 0, hit.start()) + 2, hit[2], hit[3] or "", hit[1] or "")
        for hit in BLOCK.finditer(text)
    ]


def run_program(block: Block) -> None:
    """Run a block that begins and ends by itself."""
    exec(compile(block.code, f"line {block.line}", "exec"), {"__name__": "__main__"})


async def run_inside(block: Block, **names: object) -> None:
    """Run a block as if inside ``async def``, where the public names are imported."""
    public = {name: getattr(rx_phoenix, name) for name in rx_phoenix.__all__}
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(block.code, f"line {block.line}", "exec", flags)
    result = eval(code, public | names)
    if inspect.iscoroutine(result):
        await result


def text_of(page: str) -> str:
    """The prose of a page: all but its blocks."""
    return FENCED.sub("", ROOT.joinpath(page).read_text())


def anchors_of(page: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def steps_of(page: str) -> list[tuple[str, str]]:
    """The commands that a page shows, each with what it says that they print."""
    sessions = CONSOLE.findall(ROOT.joinpath(page).read_text())
    return [step for session in sessions for step in STEP.findall(session)]


def shell(command: str, url: str, folder: Path) -> str:
    """Run a command of a page, and return what a terminal would show."""
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [
            "bash",
            "-c",
            f'export PATH="{bin_folder}:$PATH"; {command.replace(URL, url)}',
        ],
        cwd=folder,
        timeout=30,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode()


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether a page shows what was printed; an ellipsis is anything in a line."""
    lines = map(sorted_anew, (printed, shown))
    return all(
        re.fullmatch(re.escape(line).replace("…", ".*"), real)
        for real, line in zip(*lines, strict=True)
    )


def sorted_anew(text: str) -> list[str]:
    """Lines in some order: those of stdout and stderr come as they come."""
    return sorted(text.splitlines())
