"""Type checkers infer what each stream emits."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PIPELINES = Path(__file__).with_name("pipelines.py")


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["pyright", "mypy"])
def test_a_type_checker_infers_what_the_pipelines_emit(checker):
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")

    done = subprocess.run(
        [sys.executable, "-m", checker, str(PIPELINES)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
