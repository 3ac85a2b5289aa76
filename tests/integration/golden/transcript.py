"""Reads frames.txt, whose head says how it is written."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Section", "Step", "read_sections", "stretched"]

FRAMES = Path(__file__).with_name("frames.txt")

LINE = re.compile(r"(?:(\w+) )?([<>]) ?(.*)")
AFTER = re.compile(r" \(\+(\d+) ms\)$")
REPEATED = re.compile(r"(.*) \(i = (\d+)\.\.(\d+)\)")
STRETCHED = re.compile(r"\{([^{}*]{1,2})\*(\d+)\}")
REQUEST = re.compile(r"(GET|POST|PUT|OPTIONS) (\S+)(?: (\{.*\}))?( \(plain\))?")


@dataclass(kw_only=True)
class Step:
    """What happens next; frames sent in a row are one step."""

    kind: str
    client: str = ""
    text: str = ""
    frames: list[str] = field(default_factory=list)
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    is_upgrade: bool = False
    after: float = 0.0


@dataclass
class Section:
    """A section; `steps` begin with those of the section that it continues."""

    title: str
    steps: list[Step]

    @property
    def duration(self) -> float:
        """Seconds that a replay takes at least."""
        waits = (float(step.text) for step in self.steps if step.kind == "wait")
        return sum(waits) + sum(step.after for step in self.steps)


def read_sections() -> dict[str, Section]:
    """Read the file: every section by its title."""
    sections: dict[str, Section] = {}
    _, *parts = FRAMES.read_text("utf-8").split("\n## ")
    for part in parts:
        title, _, body = part.rstrip("\n").partition("\n")
        steps: list[Step] = []
        for line in repeated(body.split("\n")):
            if line.startswith("= "):
                steps.extend(sections[line.removeprefix("= ")].steps)
            else:
                take(line, steps)
        sections[title] = Section(title, steps)
    return sections


def stretched(text: str) -> str:
    """Write ``{x*3}`` out as ``xxx``, and ``{00*3}`` as ``00 00 00``."""
    return STRETCHED.sub(
        lambda match: (match[1] + " " * (len(match[1]) - 1)) * int(match[2]), text
    )


def repeated(lines: list[str]) -> Iterator[str]:
    for line in lines:
        match = REPEATED.fullmatch(line)
        if match is None:
            yield line
        else:
            for number in range(int(match[2]), int(match[3]) + 1):
                yield match[1].replace("%i", str(number))


def take(line: str, steps: list[Step]) -> None:
    """Add what a line says to the steps."""
    match = LINE.fullmatch(line)
    if line.startswith("    BODY"):
        steps[-1].body.append(line[len("    BODY ") :])
    elif line.startswith("    "):
        name, _, value = line.strip().partition(": ")
        steps[-1].headers[name] = value
    elif line.startswith("! GET "):
        steps.append(Step(kind="control", text=line.removeprefix("! GET ")))
    elif line.startswith("(wait "):
        steps.append(Step(kind="wait", text=line.split(" ")[1]))
    elif match:
        client, direction, text = match[1] or "A", match[2], match[3]
        (sent if direction == ">" else received)(client, text, steps)
    elif not line.startswith("#"):
        raise ValueError(f"not a line of a transcript: {line!r}")


def sent(client: str, text: str, steps: list[Step]) -> None:
    """Add what a client does."""
    request = REQUEST.fullmatch(text)
    last = steps[-1] if steps else None
    if request:
        method, target, headers, plain = request.groups()
        step = Step(kind="request", client=client, method=method, text=target)
        step.headers = ast.literal_eval(headers) if headers else {}
        step.is_upgrade = "/longpoll" not in target and not plain and method == "GET"
        steps.append(step)
    elif text == "TCP end":
        steps.append(Step(kind="cut", client=client))
    elif last and last.kind == "send" and last.client == client:
        last.frames.append(text)
    else:
        steps.append(Step(kind="send", client=client, frames=[text]))


def received(client: str, text: str, steps: list[Step]) -> None:
    """Add what a client sees."""
    after = AFTER.search(text)
    if after:
        text = text[: after.start()]
    if text.startswith("(nothing for"):
        kind = "silence"
    elif text == "TCP end of stream":
        kind = "end"
    elif text == "TCP refused":
        kind = "refused"
    elif text == "101" or text.startswith("HTTP/1.1"):
        kind = "response"
    else:
        kind = "receive"
    seconds = int(after[1]) / 1000 if after else 0.0
    steps.append(Step(kind=kind, client=client, text=text, after=seconds))
