"""What is published: all of the package in the wheel, all of the project beside it."""

import subprocess
import sys
import tarfile
from email import message_from_bytes
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

import rx_phoenix

ROOT = Path(__file__).parents[1]
STEM = f"rx_phoenix-{rx_phoenix.__version__}"
DIST_INFO = f"{STEM}.dist-info"


@pytest.fixture(scope="session")
def dist(tmp_path_factory):
    """A folder with both distributions, fresh from the tree."""
    folder = tmp_path_factory.mktemp("dist")
    command = (sys.executable, "-m", "hatchling", "build", "-d", folder)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def wheel(dist):
    with ZipFile(dist / f"{STEM}-py3-none-any.whl") as wheel:
        yield wheel


@pytest.fixture(scope="session")
def in_sdist(dist):
    """The files of the source distribution, by their paths in the project."""
    with tarfile.open(dist / f"{STEM}.tar.gz") as sdist:
        return {name.removeprefix(f"{STEM}/") for name in sdist.getnames()}


@pytest.fixture(scope="session")
def metadata(wheel):
    return message_from_bytes(wheel.read(f"{DIST_INFO}/METADATA"))


@pytest.fixture(scope="session")
def sources():
    """Every file of the package but what Python leaves behind."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.joinpath("rx_phoenix").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_nothing_else(wheel, sources):
    assert {n for n in wheel.namelist() if DIST_INFO not in n} == sources


def test_the_wheel_does_not_hold_the_demo(wheel):
    assert {PurePosixPath(name).suffix for name in wheel.namelist()}.isdisjoint(
        {".html", ".css"}
    )
    assert not any("demo/" in name for name in wheel.namelist())


def test_the_wheel_says_that_it_is_typed(wheel):
    assert "rx_phoenix/py.typed" in wheel.namelist()


def test_the_wheel_holds_the_licence(wheel):
    assert (
        wheel.read(f"{DIST_INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    )


def test_the_wheel_brings_the_command_and_the_fixtures(wheel):
    assert wheel.read(f"{DIST_INFO}/entry_points.txt").decode().split("\n") == [
        "[console_scripts]",
        "rx-phoenix = rx_phoenix._cli:main",
        "",
        "[pytest11]",
        "rx_phoenix = rx_phoenix.testing._plugin",
        "",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "conftest.py",
        "docs/streams.md",
        "examples/demo/pyproject.toml",
        "examples/demo/rx_phoenix_demo/web/page.html",
        "examples/seed_events.py",
        "mkdocs.yml",
        "scripts/test",
        "tests/test_package.py",
    ],
)
def test_the_source_distribution_holds_what_a_contributor_needs(in_sdist, path):
    assert path in in_sdist


def test_the_source_distribution_holds_the_package(in_sdist, sources):
    assert sources <= in_sdist


def test_the_index_shows_the_readme(metadata):
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload(decode=True) == (ROOT / "README.md").read_bytes()


def test_the_metadata_says_whose_it_is_and_on_what_terms(metadata):
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Author"] == "rx_phoenix contributors"
    assert metadata["Requires-Python"] == ">=3.11"


@pytest.mark.parametrize("dependency", ["aiohttp", "msgspec", "reactivex", "yarl"])
def test_a_plain_install_brings_what_the_client_needs(metadata, dependency):
    plain = [text for text in metadata.get_all("Requires-Dist") if "extra" not in text]

    assert any(text.startswith(dependency) for text in plain)
    assert len(plain) == 4


def test_the_extras_are_those_of_the_library(metadata):
    assert metadata.get_all("Provides-Extra") == ["all", "cli", "otel", "pydantic"]


def test_each_extra_is_part_of_all(metadata):
    required = [text.split("; ") for text in metadata.get_all("Requires-Dist")]
    extra = {(what, *when) for what, *when in required if when}

    assert {(what, "extra == 'all'") for what, _ in extra} <= extra
