"""The code in a page of Markdown, and what the page says that it prints."""

import ast
import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import rx_phoenix

__all__ = ["ROOT", "Block", "blocks_of", "run_inside", "run_program"]

ROOT = Path(__file__).parents[2]

BLOCK = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        line: Where it stands in its page.
        code: The code.
        output: What it prints, as the block of text after it says; empty without one.
    """

    line: int
    code: str
    output: str

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
        Block(text.count("\n", 0, hit.start()) + 2, hit[1], hit[2] or "")
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
