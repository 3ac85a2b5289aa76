"""A kit for tests: virtual time, marbles, and a Phoenix server in the box.

The server and the reference application load with their names, as they bring aiohttp's
server along.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from rx_phoenix.testing._marbles.actions import (
    Answers,
    Closes,
    Fails,
    Opens,
    Says,
    Sends,
)
from rx_phoenix.testing._marbles.parser import MarbleError
from rx_phoenix.testing._marbles.phx import Phx
from rx_phoenix.testing._marbles.recording import Marbles, Recording
from rx_phoenix.testing._marbles.server_lane import LaneError
from rx_phoenix.testing._marbles.sources import Source
from rx_phoenix.testing._marbles.timeline import Expectation, Timeline, window
from rx_phoenix.testing._simulation import Broken, simulate
from rx_phoenix.testing._time.loop import VirtualLoop
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._time.timer import VirtualTimer
from rx_phoenix.testing._transports.fake import (
    FakeAttempt,
    FakeConnection,
    FakeTransport,
)
from rx_phoenix.testing._transports.proxy import FaultProxy

if TYPE_CHECKING:
    from rx_phoenix.testing._reference import reference_app as reference_app
    from rx_phoenix.testing._server import ConnectRefused as ConnectRefused
    from rx_phoenix.testing._server import JoinError as JoinError
    from rx_phoenix.testing._server import PhoenixServer as PhoenixServer
    from rx_phoenix.testing._server import ServerChannel as ServerChannel
    from rx_phoenix.testing._server import SocketOptions as SocketOptions

__all__ = [
    "Answers",
    "Broken",
    "Closes",
    "Expectation",
    "Fails",
    "FakeAttempt",
    "FakeConnection",
    "FakeTransport",
    "FaultProxy",
    "LaneError",
    "MarbleError",
    "Marbles",
    "Opens",
    "Phx",
    "Recording",
    "Says",
    "Sends",
    "Source",
    "Timeline",
    "VirtualLoop",
    "VirtualScheduler",
    "VirtualTimer",
    "simulate",
    "window",
]

HOMES = {
    "ConnectRefused": "rx_phoenix.testing._server",
    "JoinError": "rx_phoenix.testing._server",
    "PhoenixServer": "rx_phoenix.testing._server",
    "ServerChannel": "rx_phoenix.testing._server",
    "SocketOptions": "rx_phoenix.testing._server",
    "reference_app": "rx_phoenix.testing._reference",
}
"""Where the names live that load when they are asked for."""


def __getattr__(name: str) -> object:
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
