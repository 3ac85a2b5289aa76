"""The pytest fixtures of the kit: ``phx``, ``cold``, ``hot`` and ``expect``.

pytest loads this file in every run, so the kit is imported by the fixtures.
"""

import sys
from collections.abc import Callable, Generator
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rx_phoenix.testing._marbles.phx import Phx
    from rx_phoenix.testing._marbles.sources import Source
    from rx_phoenix.testing._marbles.timeline import Expectation, Timeline

__all__ = [
    "cold",
    "expect",
    "hot",
    "phx",
    "phx_timeline",
    "pytest_addoption",
    "pytest_assertrepr_compare",
    "pytest_runtest_makereport",
]

HAS_FAILED = pytest.StashKey[bool]()
TIMELINE = pytest.StashKey["Timeline"]()
RECORDING = "rx_phoenix.testing._marbles.recording"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of strict tests."""
    text = "Fail tests of rx_phoenix.testing that do not read their recordings."
    parser.addini("rx_phoenix_strict", text, "bool")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Store the outcome of a test: only one that passed is checked for leftovers."""
    report = yield
    timeline = item.stash.get(TIMELINE, None)
    if report.when == "call" and timeline is not None:
        timeline.end()
        lines = [*timeline.failures(is_all=True)]
        if report.failed and lines:
            report.sections.append(("errors of recordings", "\n".join(lines)))
    # A skip, or an expected failure, cuts a test short too.
    is_again = report.when != "setup" and item.stash.get(HAS_FAILED, False)
    item.stash[HAS_FAILED] = call.excinfo is not None or is_again
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain why a recording does not equal marbles."""
    if op != "==" or RECORDING not in sys.modules:
        return None
    from rx_phoenix.testing._marbles.recording import (  # noqa: PLC0415
        Marbles,
        Moments,
        explain,
    )

    if not isinstance(left, Moments) or not isinstance(right, Moments):
        return None
    if isinstance(left, Marbles):
        left, right = right, left
    if not isinstance(right, Marbles):
        return None
    return ["the recording equals the marbles", *explain(left, right)]


@pytest.fixture
def phx_timeline(request: pytest.FixtureRequest) -> "Generator[Timeline]":
    """The clock of a test, shared by all fixtures of the kit."""
    from rx_phoenix.testing._marbles.session import (  # noqa: PLC0415
        failure,
        timeline_session,
    )

    if iscoroutinefunction(request.function):
        pytest.fail(
            f"{request.function.__name__} is an `async def`, which runs on its own "
            "loop.\nIn virtual time a test is a plain `def`: let callbacks await, "
            "or call phx.wait_for(…).",
            pytrace=False,
        )
    is_strict = request.config.getini("rx_phoenix_strict")
    with timeline_session(is_strict=is_strict) as timeline:
        request.node.stash[TIMELINE] = timeline
        yield timeline
    if timeline.problems and not request.node.stash.get(HAS_FAILED, False):
        pytest.fail(failure(timeline), pytrace=False)


@pytest.fixture
def phx(phx_timeline: "Timeline") -> "Generator[Phx]":
    """A socket in virtual time whose server is a lane of marbles."""
    from rx_phoenix.testing._marbles.session import phx_session  # noqa: PLC0415

    with phx_session(phx_timeline) as phx:
        yield phx


@pytest.fixture
def cold(phx_timeline: "Timeline") -> "Callable[..., Source]":
    """A factory of streams that play a lane for each subscription."""
    return phx_timeline.cold


@pytest.fixture
def hot(phx_timeline: "Timeline") -> "Callable[..., Source]":
    """A factory of streams that play a lane once, from now on."""
    return phx_timeline.hot


@pytest.fixture
def expect(phx_timeline: "Timeline") -> "Callable[..., Expectation]":
    """A factory of expectations."""
    return phx_timeline.expect
