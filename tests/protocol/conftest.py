"""What a real server sends."""

from pathlib import Path

LINES = [
    line
    # Not splitlines(): JSON may hold what Unicode calls the end of a line.
    for line in Path(__file__).with_name("frames.txt").read_text("utf-8").split("\n")
    if line and not line.startswith("#")
]
FRAMES = {
    "v2_frame": [line for line in LINES if line.startswith("[")],
    "v1_frame": [line for line in LINES if line.startswith("{")],
    "binary_frame": [bytes.fromhex(line) for line in LINES if line[0] not in "[{"],
}


def pytest_generate_tests(metafunc):
    """Ask a test that takes a frame about every frame of its kind."""
    for name, frames in FRAMES.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, frames, ids=range(len(frames)))
