"""The example of tests that a user would write, run as a user would."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "passed"), [("testing_your_client", 13), ("row_cache", 2)]
)
def test_the_tests_of_an_example_pass(folder, passed):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"examples/{folder}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert f"{passed} passed" in done.stdout
