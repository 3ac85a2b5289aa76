"""examples/notebook.ipynb: its cells run in order, and print what they show."""

import ast
import inspect
import json

import pytest

from tests.examples.program import EXAMPLES

NOTEBOOK = json.loads(EXAMPLES.joinpath("notebook.ipynb").read_text())
CELLS = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def printed_by(cell):
    return "".join(line for output in cell["outputs"] for line in output["text"])


async def run(cell, names):
    """Run a cell as Jupyter does: with ``await`` at its top, in one space of names."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile("".join(cell["source"]), cell["id"], "exec", flags)
    result = eval(code, names)
    if inspect.iscoroutine(result):
        await result


async def test_its_cells_print_what_they_show(server, capsys):
    names, printed = {}, []
    for cell in CELLS:
        await run(cell, names)
        if "URL" in names:
            names["URL"] = server.url
        printed.append(capsys.readouterr().out)

    assert printed == [printed_by(cell) for cell in CELLS]


@pytest.mark.parametrize("field", ["cells", "metadata", "nbformat", "nbformat_minor"])
def test_it_is_a_notebook(field):
    assert field in NOTEBOOK


def test_each_cell_has_an_id_of_its_own():
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]

    assert len(set(ids)) == len(ids)
