"""The text of ``--help``, and the command line's own way to find the URL."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from typer.core import TyperCommand, TyperGroup

from rx_phoenix._cli.examples import EXAMPLES
from rx_phoenix._cli.running import pipe_may_close

__all__ = ["URL_VARIABLE", "Command", "Group", "RemoteCommand"]

URL_VARIABLE = "RX_PHOENIX_URL"
"""The environment variable of the endpoint."""

WIDEST = 80
"""Columns of the widest help."""

NARROWEST = 30
"""Columns below which text is not wrapped further."""

TWO_COLUMNS = 60
"""Columns from which terms and their explanations stand side by side."""

TERM = 24
"""Columns of a term beside its explanation."""


class Command(TyperCommand):
    """A command with plain help, whose epilog holds examples, one a line."""

    def get_usage(self, ctx: Any) -> str:
        """Render the usage, which an error of the command line shows too."""
        return "\n".join(_usage(self, ctx, _width()))

    def get_help(self, ctx: Any) -> str:
        """Render the help."""
        return _page(self, ctx, _example_lines(self.epilog or "", _width()))


class Group(TyperGroup):
    """The commands, with plain help, in the order of their examples."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Parse the command line, and print the help or the version if asked to."""
        with pipe_may_close():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run a command, or print its help if asked to."""
        with pipe_may_close():
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, those that a newcomer needs first."""
        return sorted(super().list_commands(ctx), key=[*EXAMPLES].index)

    def get_help(self, ctx: Any) -> str:
        """Render the help."""
        commands = [
            (name, (self.commands[name].help or "").partition("\n\n")[0])
            for name in self.list_commands(ctx)
        ]
        width = _width()
        sections = ["", "Commands:", *_definitions(commands, width)]
        return _page(self, ctx, [*sections, "", *_flow(self.epilog or "", width)])


class RemoteCommand(Command):
    """A command whose URL may be in ``--url`` or in the environment."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the URL first among the arguments, wherever it was given.

        A flag comes first, then an argument with a scheme, then the environment.
        """
        given: dict[str, Any] = self.make_parser(ctx).parse_args(list(args))[0]
        if given.get("help"):
            return super().parse_args(ctx, args)
        flag, first = given.get("url_flag"), given.get("url")
        is_url = isinstance(first, str) and "://" in first
        if isinstance(flag, str) and is_url:
            ctx.fail("Give the URL once: as --url, or as an argument.")
        url = flag or ("" if is_url else os.environ.get(URL_VARIABLE, ""))
        if not url and not is_url and self._lacks_an_argument(given):
            ctx.fail(f"Missing argument 'URL': give it first, or in {URL_VARIABLE}.")
        return super().parse_args(ctx, [url, *args] if url else args)

    def _lacks_an_argument(self, given: Mapping[str, Any]) -> bool:
        required = [param.name for param in self.params if param.required]
        return any(given.get(name or "") in {None, ()} for name in required)


def _page(command: Any, ctx: Any, end: Sequence[str]) -> str:
    """Render usage, description, arguments and options, and an end."""
    width = _width()
    lines = _usage(command, ctx, width)
    for paragraph in (command.help or "").split("\n\n"):
        lines += ["", *_flow(paragraph, width)]
    for title, terms in _sections(command, ctx).items():
        lines += ["", f"{title}:", *_definitions(terms, width)]
    return "\n".join([*lines, *end])


def _usage(command: Any, ctx: Any, width: int) -> list[str]:
    words = ["Usage:", ctx.command_path, "[OPTIONS]"]
    words += [
        _placeholder(param) for param in _shown(command, ctx) if _is_argument(param)
    ]
    if isinstance(command, TyperGroup):
        words.append("COMMAND [ARGS]...")
    return wrap(" ".join(words), width, subsequent_indent="    ")


def _placeholder(param: Any) -> str:
    name = _metavar(param)
    name = f"{name}..." if param.nargs == -1 else name
    return name if param.required else f"[{name}]"


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name).strip("[]").upper()


def _sections(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in _shown(command, ctx):
        if _is_argument(param):
            title, term = "Arguments", _metavar(param)
        else:
            title = getattr(param, "rich_help_panel", None) or "Options"
            term = ", ".join(sorted(param.opts, key=len))
            if not (param.is_flag or param.name == "help"):
                term += f" {_metavar(param)}"
        record = param.get_help_record(ctx)
        # The plain text: two blanks set off the default, which is a sentence here. The
        # usage shows which arguments are required; a URL is not, given its variable.
        text = " ".join(record[1].replace("[required]", "").split())
        sections.setdefault(title, []).append((term, text))
    return sections


def _shown(command: Any, ctx: Any) -> list[Any]:
    return [
        param
        for param in command.get_params(ctx)
        if param.get_help_record(ctx) is not None
    ]


def _is_argument(param: Any) -> bool:
    return param.param_type_name == "argument"


def _definitions(terms: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Lay out terms: beside their explanations, or above them if it is narrow."""
    lines: list[str] = []
    for term, text in terms:
        beside = width >= TWO_COLUMNS and len(term) <= TERM - 4
        if beside:
            head, indent = f"  {term:{TERM - 2}}", " " * TERM
            lines += wrap(
                text, width, initial_indent=head, subsequent_indent=indent
            ) or [head.rstrip()]
        else:
            indent = " " * (TERM if width >= TWO_COLUMNS else 6)
            lines.append(f"  {term}")
            lines += wrap(text, width, initial_indent=indent, subsequent_indent=indent)
    return lines


def _flow(text: str, width: int) -> list[str]:
    return wrap(" ".join(text.split()), width)


def _example_lines(examples: str, width: int) -> list[str]:
    """Lay out examples; one that is too long goes on in the next line."""
    lines: list[str] = []
    for example in examples.splitlines():
        parts = wrap(
            example,
            width - 2,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [*(f"{part} \\" for part in parts[:-1]), *parts[-1:]]
    return ["", "Examples:", *lines] if lines else []


def _width() -> int:
    columns = shutil.get_terminal_size((WIDEST, 24)).columns
    return max(min(columns, WIDEST), NARROWEST)
