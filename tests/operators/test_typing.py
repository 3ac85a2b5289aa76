"""Type checkers infer what each stream emits."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PIPELINES = Path(__file__).with_name("pipelines.py")


CHECKERS = {"pyright": [], "mypy": [], "ty": ["check", "--python", sys.prefix]}
"""The options of each."""


@pytest.mark.slow
@pytest.mark.parametrize(("checker", "options"), CHECKERS.items(), ids=CHECKERS)
def test_a_type_checker_infers_what_the_pipelines_emit(checker, options):
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")

    done = subprocess.run(
        [sys.executable, "-m", checker, *options, str(PIPELINES)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
