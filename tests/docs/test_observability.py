"""docs/observability.md: its code runs, and its tables are complete."""

import ast
import logging
import re
import subprocess
import sys

import pytest

from rx_phoenix import Backoff, Reconnect, Socket
from rx_phoenix._transport.cause import connect_error
from rx_phoenix.telemetry import _names as names
from rx_phoenix.testing import FakeTransport, VirtualScheduler
from tests.docs.blocks import ROOT, blocks_of
from tests.telemetry.test_instrument import UNITS

PAGE = "docs/observability.md"
TEXT = ROOT.joinpath(PAGE).read_text()
ROWS = re.findall(r"^\| `(.+?)` \| (\S+) \|", TEXT, re.MULTILINE)


@pytest.fixture(autouse=True)
def _log():
    """What the page sets up is taken down again."""
    logger = logging.getLogger("rx_phoenix")
    handlers, level = [*logger.handlers], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize(
    "block", blocks_of(PAGE), ids=lambda block: f"line {block.line}"
)
async def test_a_block_runs_where_the_page_says(run, block):
    await run(block)


def test_every_metric_is_in_the_table_with_its_unit():
    assert {name: unit for name, unit in ROWS if ".client." in name} == UNITS


def test_every_attribute_is_on_the_page():
    known = {
        value
        for value in vars(names).values()
        if isinstance(value, str) and re.fullmatch(r"[a-z]+(\.[a-z_]+)+", value)
    }

    assert {name for name in known if f"`{name}`" not in TEXT} == set()


def fields_in(source):
    """The fields of records that a module logs, as far as it names them."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "fields":
            yield from (f"phoenix_{key.arg}" for key in node.keywords if key.arg)


def test_every_field_of_a_record_is_on_the_page():
    sources = ROOT.joinpath("rx_phoenix").rglob("*.py")
    known = {field for source in sources for field in fields_in(source)}

    assert "phoenix_consumer" in known
    assert {field for field in known if f"`{field}`" not in TEXT} == set()


# What the page shows is what is printed.


UNCONFIGURED = """
import asyncio
from rx_phoenix import Backoff, Reconnect, Socket

async def main():
    quick = Reconnect(Backoff(0.01), attempts=5)
    try:
        await Socket("ws://127.0.0.1:9/socket", reconnect=quick).connect()
    except Exception:
        pass

asyncio.run(main())
"""


def quoted(lines):
    """Lines as an indented block of the page."""
    return "\n".join(f"    {line}" for line in lines)


def test_without_a_set_up_stderr_says_what_the_page_says():
    command = [sys.executable, "-c", UNCONFIGURED]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    first, end = done.stderr.splitlines()

    assert quoted([first]) in TEXT
    assert end.startswith("Giving up: ")
    assert done.stdout == ""


@pytest.fixture
def outage():
    """A socket that was open for four minutes, and whose server is away."""
    time, transport = VirtualScheduler(), FakeTransport()
    socket = Socket(
        "ws://example.org/socket",
        transport=transport,
        scheduler=time,
        heartbeat=None,
        reconnect=Reconnect(Backoff.steps(0.1, 0.6)),
    )
    socket.connect()
    transport.attempt.open()
    time.advance_by(239.6)
    transport.connection.lose()
    time.advance_by(0.1)
    yield time, transport, socket
    socket.aclose()
    time.advance_by(2)


def fail(transport):
    refused = ConnectionRefusedError(111, "refused")
    transport.attempt.fail(connect_error(transport.attempt.endpoint, refused))


def test_a_diagnosis_says_what_the_page_says(outage):
    time, transport, socket = outage
    fail(transport)
    time.advance_by(0.2)

    assert quoted(socket.diagnosis().splitlines()) in TEXT


def test_an_outage_reads_as_on_the_page(outage, caplog):
    time, transport, _ = outage
    caplog.set_level("INFO", "rx_phoenix")
    caplog.clear()
    fail(transport)
    time.advance_by(0.6)
    transport.attempt.open()
    form = logging.Formatter(logging.BASIC_FORMAT)

    assert quoted(map(form.format, caplog.records)) in TEXT
