"""A kit for tests: virtual time, marble diagrams and a Phoenix server in Python.

The server, the reference app and the tapes are imported on first use, because they
load aiohttp's server.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from rx_phoenix.testing._marbles.actions import (
    ANY,
    Answers,
    Closes,
    Fails,
    Opens,
    Says,
    Sends,
    partial,
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
    from rx_phoenix.testing._server import Endpoint as Endpoint
    from rx_phoenix.testing._server import JoinError as JoinError
    from rx_phoenix.testing._server import PhoenixServer as PhoenixServer
    from rx_phoenix.testing._server import ServerChannel as ServerChannel
    from rx_phoenix.testing._server import ServerPresence as ServerPresence
    from rx_phoenix.testing._server import ServerSocket as ServerSocket
    from rx_phoenix.testing._server import SocketOptions as SocketOptions
    from rx_phoenix.testing._transports.playback import TapeTransport as TapeTransport
    from rx_phoenix.testing._transports.tape import read_tape as read_tape

__all__ = [
    "ANY",
    "Answers",
    "Broken",
    "Closes",
    "ConnectRefused",
    "Endpoint",
    "Expectation",
    "Fails",
    "FakeAttempt",
    "FakeConnection",
    "FakeTransport",
    "FaultProxy",
    "JoinError",
    "LaneError",
    "MarbleError",
    "Marbles",
    "Opens",
    "PhoenixServer",
    "Phx",
    "Recording",
    "Says",
    "Sends",
    "ServerChannel",
    "ServerPresence",
    "ServerSocket",
    "SocketOptions",
    "Source",
    "TapeTransport",
    "Timeline",
    "VirtualLoop",
    "VirtualScheduler",
    "VirtualTimer",
    "partial",
    "read_tape",
    "reference_app",
    "simulate",
    "window",
]

_HOMES = {
    "ConnectRefused": "rx_phoenix.testing._server",
    "Endpoint": "rx_phoenix.testing._server",
    "JoinError": "rx_phoenix.testing._server",
    "PhoenixServer": "rx_phoenix.testing._server",
    "ServerChannel": "rx_phoenix.testing._server",
    "ServerPresence": "rx_phoenix.testing._server",
    "ServerSocket": "rx_phoenix.testing._server",
    "SocketOptions": "rx_phoenix.testing._server",
    "TapeTransport": "rx_phoenix.testing._transports.playback",
    "read_tape": "rx_phoenix.testing._transports.tape",
    "reference_app": "rx_phoenix.testing._reference",
}
"""The modules of the names that are imported on first use."""


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
