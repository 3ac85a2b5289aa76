"""A kit for tests: virtual time, marbles, and a Phoenix server in the box.

The server and the reference application load with their names, as they bring aiohttp's
server along.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from rx_phoenix.testing.fake import FakeAttempt, FakeConnection, FakeTransport
from rx_phoenix.testing.letters import Answers, Closes, Fails, Opens, Says, Sends
from rx_phoenix.testing.loop import VirtualLoop
from rx_phoenix.testing.marbles import MarbleError
from rx_phoenix.testing.phx import Phx
from rx_phoenix.testing.proxy import FaultProxy
from rx_phoenix.testing.recording import Marbles, Recording
from rx_phoenix.testing.scheduler import VirtualScheduler
from rx_phoenix.testing.server_lane import LaneError
from rx_phoenix.testing.simulation import Broken, simulate
from rx_phoenix.testing.sources import Source
from rx_phoenix.testing.timeline import Expectation, Timeline, window
from rx_phoenix.testing.timer import VirtualTimer

if TYPE_CHECKING:
    from rx_phoenix.testing.reference import reference_app as reference_app
    from rx_phoenix.testing.server import ConnectRefused as ConnectRefused
    from rx_phoenix.testing.server import JoinError as JoinError
    from rx_phoenix.testing.server import PhoenixServer as PhoenixServer
    from rx_phoenix.testing.server import ServerChannel as ServerChannel
    from rx_phoenix.testing.server import SocketOptions as SocketOptions

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
    "ConnectRefused": "rx_phoenix.testing.server",
    "JoinError": "rx_phoenix.testing.server",
    "PhoenixServer": "rx_phoenix.testing.server",
    "ServerChannel": "rx_phoenix.testing.server",
    "SocketOptions": "rx_phoenix.testing.server",
    "reference_app": "rx_phoenix.testing.reference",
}
"""Where the names live that load when they are asked for."""


def __getattr__(name: str) -> object:
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
