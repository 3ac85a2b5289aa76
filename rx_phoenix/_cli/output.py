"""Results on stdout: coloured on a terminal, JSON lines elsewhere."""

import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

__all__ = [
    "Output",
    "as_json",
    "configure_streams",
    "escape_control_chars",
    "notice",
    "warn",
]

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters of terminals, and marks that change the direction of text."""


def escape_control_chars(text: str) -> str:
    r"""Escape the control characters of untrusted text.

    >>> escape_control_chars("red: \x1b[31m")
    'red: \\u001b[31m'
    """
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def as_json(value: object) -> str:
    """Encode a value as JSON in one line; bytes as base64.

    >>> as_json({"n": 1, "data": b"hi"})
    '{"n":1,"data":"aGk="}'
    """
    return escape_control_chars(msgspec.json.encode(value).decode())


def configure_streams() -> None:
    """Print UTF-8 into pipes in any locale, and no escape sequences if NO_COLOR is set.

    Text that a terminal's encoding lacks is escaped.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        encoding = None if sys.stdout.isatty() else "utf-8"
        reconfigure(encoding=encoding, errors="backslashreplace")
    if os.environ.get("NO_COLOR"):
        os.environ["TERM"] = "dumb"  # rich would keep bold and dim


def warn(text: str) -> None:
    """Print a problem on stderr."""
    head = typer.style("rx-phoenix:", fg=typer.colors.RED, bold=True)
    typer.echo(f"{head} {escape_control_chars(text)}", err=True)


def notice(text: str) -> None:
    """Print a notice on stderr."""
    typer.secho(escape_control_chars(text), err=True, dim=True)


class Output:
    """The output of a command's results.

    Args:
        json: True for JSON lines on a terminal, too.
        console: The console; stdout if None.
        topics: True to show the topic of each event on a terminal, too.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        console: Console | None = None,
        topics: bool = False,
    ) -> None:
        self._console = console or Console()
        self._has_topics = topics
        self._is_pretty = self._console.is_terminal and not json

    def event(self, topic: str, event: str, payload: object) -> None:
        """Show an event of a topic."""
        now = datetime.now(UTC)
        if self._is_pretty:
            line = Text.assemble(
                (f"{now.astimezone():%H:%M:%S} ", "dim"),
                f"{escape_control_chars(topic)} " if self._has_topics else "",
                (escape_control_chars(event), "bold cyan"),
                " ",
                pretty(payload),
            )
            self._console.print(line, soft_wrap=True)
            return
        body = {"payload_base64" if isinstance(payload, bytes) else "payload": payload}
        at = now.isoformat(timespec="milliseconds")
        self.line({"at": at, "topic": topic, "event": event, **body})

    def value(self, value: object) -> None:
        """Show a value."""
        if self._is_pretty:
            self._console.print(pretty(value), soft_wrap=True)
        else:
            typer.echo(as_json(value))

    def line(self, values: Mapping[str, Any]) -> None:
        """Write a JSON line."""
        typer.echo(as_json(values))


def pretty(value: object) -> Text:
    """Format a value as coloured JSON."""
    text = Text(as_json(value))
    JSONHighlighter().highlight(text)
    return text
