"""One change of one module, and how it comes into force."""

import ast
import gc
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import islice
from pathlib import Path
from types import CodeType, FunctionType

from scripts.mutation.edits import edits

__all__ = ["Changed", "Functions", "Mutant", "mutants_of"]


@dataclass(frozen=True)
class Mutant:
    """One edit of one module.

    Attributes:
        path: The module's file, from the root.
        index: Which of the module's edits it is.
        where: The class and function that it is in; empty for the module's own.
        lines: The lines that it concerns.
        what: What is changed.
    """

    path: Path
    index: int
    where: str
    lines: range
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lines.start}: {self.key}"

    @property
    def key(self) -> str:
        """What it is called, however the lines above it grow."""
        return f"{self.where}: {self.what}" if self.where else self.what

    def code(self) -> CodeType:
        """The changed module."""
        tree = ast.parse(self.path.read_text())
        next(islice(edits(tree), self.index, None)).make()
        tree = ast.fix_missing_locations(tree)
        return compile(tree, self.path.resolve(), "exec", dont_inherit=True)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a module."""
    for index, edit in enumerate(edits(ast.parse(path.read_text()))):
        yield Mutant(path, index, edit.where, edit.lines, edit.what)


class Functions:
    """All functions there are, whose code a mutant may replace.

    That is quick, since nothing has to be imported again, and enough for a change
    that only acts when a function is called.
    """

    def __init__(self) -> None:
        self._by_file: defaultdict[str, list[FunctionType]] = defaultdict(list)
        gc.unfreeze()  # the tests freeze what they have imported, which hides it
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                self._by_file[thing.__code__.co_filename].append(thing)

    def change(self, mutant: Mutant) -> None:
        """Put a mutant into force.

        Raises:
            ValueError: A function would see other variables around it than before.
        """
        changed = codes(mutant.code())
        for function in self._by_file[str(mutant.path.resolve())]:
            code = function.__code__
            place = code.co_qualname, code.co_firstlineno
            if place in changed:
                function.__code__ = changed[place]


def codes(code: CodeType) -> Mapping[tuple[str, int], CodeType]:
    """All code in a module's, by its name and first line."""
    found = {(code.co_qualname, code.co_firstlineno): code}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= codes(constant)
    return found


class Changed(MetaPathFinder):
    """Finds the changed module in place of its file, when it is imported.

    Args:
        mutant: The mutant.
    """

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        name = ".".join(mutant.path.with_suffix("").parts)
        self._name = name.removesuffix(".__init__")

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """The module's spec, if it is this one."""
        if fullname != self._name:
            return None
        mutant, file = self._mutant, str(self._mutant.path.resolve())

        class Loader(SourceFileLoader):
            def get_code(self, _: str) -> CodeType:
                return mutant.code()

        return spec_from_file_location(fullname, file, loader=Loader(fullname, file))

    def install(self) -> None:
        """Let imports ask it first."""
        sys.meta_path.insert(0, self)
