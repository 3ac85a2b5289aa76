"""A socket that fails the test when it is used."""

from collections.abc import Callable
from typing import cast

from rx_phoenix.socket import Socket
from rx_phoenix.testing._leaks.call_site import CallSite

__all__ = ["unplugged"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""


class Unplugged:
    """A stand-in for a `Socket` that must not be used.

    Args:
        report: Called with each use, so that code cannot swallow the failure.
    """

    def __init__(self, report: Callable[[str], object]) -> None:
        self._report = report

    def __getattr__(self, name: str) -> object:
        text = f"socket.{name} was used, but phx.unplugged must not be"
        self._report(f"{text}: {CallSite.here()}")
        raise AssertionError(text)

    def __repr__(self) -> str:
        return "<Socket unplugged>"


def unplugged(report: Callable[[str], object]) -> Socket:
    """Return a stand-in for a socket that fails the test when it is used.

    Args:
        report: Called with each use.
    """
    return cast("Socket", Unplugged(report))
