"""examples/notebook.ipynb: its cells run on a kernel, and print what they show."""

import json
from contextlib import asynccontextmanager, suppress
from queue import Empty
from subprocess import DEVNULL

import pytest

from tests.examples.program import EXAMPLES, PATIENCE

manager = pytest.importorskip("jupyter_client.manager")
pytest.importorskip("ipykernel")

NOTEBOOK = json.loads(EXAMPLES.joinpath("notebook.ipynb").read_text())
CELLS = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
SHOWN = [
    "".join(line for output in cell["outputs"] for line in output["text"])
    for cell in CELLS
]


@asynccontextmanager
async def kernel():
    """A kernel of Jupyter's, as a client speaks to it."""
    running, client = await manager.start_new_async_kernel(
        stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield client
    finally:
        client.stop_channels()
        await running.shutdown_kernel(now=True)


async def printed_by_cells(url):
    """Run the cells one after another; returns what appeared under each of them."""
    printed = {}

    async def take():
        message = await client.get_iopub_msg(timeout=PATIENCE)
        cell = message["parent_header"].get("msg_id")
        if message["msg_type"] in {"stream", "error"}:
            content = message["content"]
            text = content.get("text") or f"{content['ename']}: {content['evalue']}"
            printed[cell] = printed.get(cell, "") + text
        return cell, message["content"].get("execution_state")

    async def run(source):
        cell = client.execute(source)
        while await take() != (cell, "idle"):
            pass
        return cell

    async with kernel() as client:
        cells = []
        for cell in CELLS:
            cells.append(await run("".join(cell["source"])))
            await run(f"URL = {url!r}")
        with suppress(Empty):  # nothing more comes
            while [printed.get(cell, "") for cell in cells] != SHOWN:
                await take()
        return [printed.get(cell, "") for cell in cells]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nothing of the user's is read or written."""
    for name in "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR":
        monkeypatch.setenv(name, str(tmp_path))


async def test_its_cells_print_what_they_show(server):
    assert await printed_by_cells(server.url) == SHOWN


@pytest.mark.parametrize("field", ["cells", "metadata", "nbformat", "nbformat_minor"])
def test_it_is_a_notebook(field):
    assert field in NOTEBOOK


def test_each_cell_has_an_id_of_its_own():
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]

    assert len(set(ids)) == len(ids)
