"""The beginning and the end of a test: its clock, its socket, and what it leaves."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

from rx_phoenix.testing._leaks.checks import Unhandled, held, left_on, shut_down
from rx_phoenix.testing._leaks.tracing import watch_joins, watch_leases, watch_pushes
from rx_phoenix.testing._marbles.phx import Phx
from rx_phoenix.testing._marbles.timeline import Timeline

__all__ = ["failure", "fresh_phx", "phx_session", "timeline_session"]


@contextmanager
def timeline_session(*, is_strict: bool = False) -> Generator[Timeline]:
    """Run a clock; at its end its problems say what was left behind.

    Args:
        is_strict: True if every recording must be read.
    """
    timeline = Timeline()
    timeline.is_strict = is_strict
    loop = timeline.scheduler.loop
    with loop.running():
        try:
            yield timeline
        finally:
            timeline.dispose()
            recordings = [*timeline.failures(), *timeline.unread()]
            timeline.problems += [*recordings, *left_on(loop)]
            shut_down(loop)


@contextmanager
def phx_session(timeline: Timeline) -> Generator[Phx]:
    """Make a socket on a clock, and close it; problems go to the clock."""
    with watch_leases() as shares, Unhandled() as unhandled:
        phx = Phx(timeline)
        with watch_pushes() as pushes, watch_joins(lambda: phx.clock) as joins:
            yield phx
            timeline.dispose()
            # Unobserved outcomes are reported when their push is collected.
            gc.collect(1)
            timeline.problems += [*pushes.unseen(), *phx.refused(joins)]
        timeline.problems += held(shares)
        timeline.problems += phx.close()
        timeline.problems += phx.undelivered()
        timeline.problems += unhandled.messages()


@contextmanager
def fresh_phx() -> Generator[Phx]:
    """Make a `Phx` for a part of a test, such as one example of hypothesis.

    Raises:
        AssertionError: Something was left behind, as for the fixture ``phx``.

    >>> with fresh_phx() as phx:
    ...     opening = phx.socket.connect()
    ...     phx.run(server="-o")
    ...     print(phx.socket.state)
    open
    """
    with timeline_session() as timeline, phx_session(timeline) as phx:
        try:
            yield phx
        except AssertionError as error:
            for line in timeline.failures(is_all=True):
                error.add_note(line)
            raise
    if timeline.problems:
        raise AssertionError(failure(timeline))


def failure(timeline: Timeline) -> str:
    """Describe what a test left behind."""
    head = "the test left something behind:"
    return "\n  - ".join([head, *timeline.problems])
