"""A kit for tests: virtual time, marble diagrams and a Phoenix server in Python."""

from typing import TYPE_CHECKING

from rx_phoenix._lazy import lazy_names

if TYPE_CHECKING:
    from rx_phoenix.testing._marbles.actions import ANY as ANY
    from rx_phoenix.testing._marbles.actions import Answers as Answers
    from rx_phoenix.testing._marbles.actions import Closes as Closes
    from rx_phoenix.testing._marbles.actions import Fails as Fails
    from rx_phoenix.testing._marbles.actions import Opens as Opens
    from rx_phoenix.testing._marbles.actions import Says as Says
    from rx_phoenix.testing._marbles.actions import Sends as Sends
    from rx_phoenix.testing._marbles.actions import partial as partial
    from rx_phoenix.testing._marbles.parser import MarbleError as MarbleError
    from rx_phoenix.testing._marbles.phx import Phx as Phx
    from rx_phoenix.testing._marbles.recording import Marbles as Marbles
    from rx_phoenix.testing._marbles.recording import Recording as Recording
    from rx_phoenix.testing._marbles.server_lane import LaneError as LaneError
    from rx_phoenix.testing._marbles.session import fresh_phx as fresh_phx
    from rx_phoenix.testing._marbles.sources import Source as Source
    from rx_phoenix.testing._marbles.timeline import Expectation as Expectation
    from rx_phoenix.testing._marbles.timeline import Timeline as Timeline
    from rx_phoenix.testing._marbles.timeline import window as window
    from rx_phoenix.testing._reference import reference_app as reference_app
    from rx_phoenix.testing._server import ConnectRefused as ConnectRefused
    from rx_phoenix.testing._server import Endpoint as Endpoint
    from rx_phoenix.testing._server import JoinError as JoinError
    from rx_phoenix.testing._server import PhoenixServer as PhoenixServer
    from rx_phoenix.testing._server import ServerChannel as ServerChannel
    from rx_phoenix.testing._server import ServerPresence as ServerPresence
    from rx_phoenix.testing._server import ServerSocket as ServerSocket
    from rx_phoenix.testing._server import SocketOptions as SocketOptions
    from rx_phoenix.testing._simulation import Broken as Broken
    from rx_phoenix.testing._simulation import SimulatedRun as SimulatedRun
    from rx_phoenix.testing._simulation import simulate as simulate
    from rx_phoenix.testing._time.loop import VirtualLoop as VirtualLoop
    from rx_phoenix.testing._time.scheduler import VirtualScheduler as VirtualScheduler
    from rx_phoenix.testing._time.timer import VirtualTimer as VirtualTimer
    from rx_phoenix.testing._transports.fake import FakeAttempt as FakeAttempt
    from rx_phoenix.testing._transports.fake import FakeConnection as FakeConnection
    from rx_phoenix.testing._transports.fake import FakeTransport as FakeTransport
    from rx_phoenix.testing._transports.playback import TapeTransport as TapeTransport
    from rx_phoenix.testing._transports.polls import (
        FakeLongPollTransport as FakeLongPollTransport,
    )
    from rx_phoenix.testing._transports.polls import FakeRequest as FakeRequest
    from rx_phoenix.testing._transports.proxy import FaultProxy as FaultProxy
    from rx_phoenix.testing._transports.tape import read_tape as read_tape
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "_marbles.actions": "ANY Answers Closes Fails Opens Says Sends partial",
            "_marbles.parser": "MarbleError",
            "_marbles.phx": "Phx",
            "_marbles.recording": "Marbles Recording",
            "_marbles.server_lane": "LaneError",
            "_marbles.session": "fresh_phx",
            "_marbles.sources": "Source",
            "_marbles.timeline": "Expectation Timeline window",
            "_reference": "reference_app",
            "_server": """
                ConnectRefused Endpoint JoinError PhoenixServer ServerChannel
                ServerPresence ServerSocket SocketOptions
            """,
            "_simulation": "Broken SimulatedRun simulate",
            "_time.loop": "VirtualLoop",
            "_time.scheduler": "VirtualScheduler",
            "_time.timer": "VirtualTimer",
            "_transports.fake": "FakeAttempt FakeConnection FakeTransport",
            "_transports.playback": "TapeTransport",
            "_transports.polls": "FakeLongPollTransport FakeRequest",
            "_transports.proxy": "FaultProxy",
            "_transports.tape": "read_tape",
        },
    )
