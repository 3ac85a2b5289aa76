"""The demo shows what a user can build: it imports public names only."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "rx_phoenix_demo"


def test_modules_import_public_names_only():
    modules = {
        node.module
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    }

    assert not [name for name in modules if name.startswith("rx_phoenix._")]
