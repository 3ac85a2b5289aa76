"""Check how complete the public types are, by pyright --verifytypes; print figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

PUBLIC = 1.0
"""Least share of public symbols of known type; imported types count as known."""

REFERENCED = 0.99
"""The same for the symbols that public ones refer to."""

MODULES = 20
"""The number of public modules stays below."""


def main() -> int:
    """Print the figures, and return the exit code."""
    found = report()
    names = [module["name"] for module in found["modules"]]
    modules = sorted(name for name in names if not name.endswith(".__main__"))
    print(f"{len(modules)} public modules, fewer than {MODULES}: {', '.join(modules)}")
    checks = [
        len(modules) < MODULES,
        is_complete("public symbols", PUBLIC, found, is_public=True),
        is_complete("symbols they refer to", REFERENCED, found, is_public=False),
    ]
    return 0 if all(checks) else 1


def report() -> dict[str, Any]:
    """Run pyright, and return its report on completeness."""
    # It takes the interpreter, and with it the dependencies, from the PATH.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    options = ("--verifytypes", "rx_phoenix", "--ignoreexternal", "--outputjson")
    done = subprocess.run(  # noqa: S603 - a command of ours
        (sys.executable, "-m", "pyright", *options),
        cwd=ROOT,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)["typeCompleteness"]
    return found


def is_complete(
    what: str, least: float, found: dict[str, Any], *, is_public: bool
) -> bool:
    """Print the share of known types, and the symbols without one if it is too low.

    Args:
        what: The symbols, in words.
        least: The least share.
        found: The report of pyright.
        is_public: True for exported symbols, False for the others.
    """
    symbols = [one for one in found["symbols"] if one["isExported"] is is_public]
    unknown = [one for one in symbols if not one["isTypeKnown"]]
    share = 1.0 - len(unknown) / len(symbols)
    print(
        f"{share:.1%} of {len(symbols)} {what} have a known type ({least:.0%} needed)"
    )
    if share >= least:
        return True
    for symbol in unknown:
        print(f"  {symbol['name']}")
        for diagnostic in symbol["diagnostics"]:
            print(f"    {diagnostic['message']}")
    return False


sys.exit(main())
