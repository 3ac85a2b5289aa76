"""A kit for tests: virtual time, marbles, and a Phoenix server in the box."""

from rx_phoenix.testing.fake import FakeAttempt, FakeConnection, FakeTransport
from rx_phoenix.testing.loop import VirtualLoop
from rx_phoenix.testing.scheduler import VirtualScheduler
from rx_phoenix.testing.timer import VirtualTimer

__all__ = [
    "FakeAttempt",
    "FakeConnection",
    "FakeTransport",
    "VirtualLoop",
    "VirtualScheduler",
    "VirtualTimer",
]
