"""What a real server sends."""

from pathlib import Path

import pytest

LINES = [
    line
    # Not splitlines(): JSON may hold what Unicode calls the end of a line.
    for line in Path(__file__).with_name("frames.txt").read_text("utf-8").split("\n")
    if line and not line.startswith("#")
]


@pytest.fixture
def v2_frames():
    return [line for line in LINES if line.startswith("[")]


@pytest.fixture
def v1_frames():
    return [line for line in LINES if line.startswith("{")]


@pytest.fixture
def binary_frames():
    return [bytes.fromhex(line) for line in LINES if line[0] not in "[{"]
