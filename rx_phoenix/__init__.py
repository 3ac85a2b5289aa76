"""A reactive client for Phoenix Channels."""

from rx_phoenix._protocol.changes import Joined, Left, Updated
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    HeartbeatMissed,
    Lifecycle,
    Opened,
    Retrying,
    SteppedUp,
)
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import ChannelState, SocketState
from rx_phoenix._protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix._transport.contract import Connection, Transport
from rx_phoenix._transport.fallback import FallbackTransport
from rx_phoenix._transport.longpoll import LongPollTransport
from rx_phoenix._transport.websocket import WebSocketTransport
from rx_phoenix.channel import Channel
from rx_phoenix.errors import (
    CallbackOverrun,
    ChannelConflict,
    ChannelCrashed,
    ConnectError,
    ConnectionLost,
    EncodeError,
    JoinRefused,
    NotJoinedError,
    PayloadError,
    ProtocolError,
    PushCancelled,
    PushError,
    PushRefused,
    PushTimeout,
    QueueOverflow,
    RxPhoenixError,
    TransportError,
    UsageError,
)
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect, Rejoin, SendBuffer
from rx_phoenix.presence import Presence, PresenceStatus
from rx_phoenix.push import Push
from rx_phoenix.socket import Socket
from rx_phoenix.stats import SocketStats

__all__ = [
    "AttemptFailed",
    "Backoff",
    "CallbackOverrun",
    "Channel",
    "ChannelConflict",
    "ChannelCrashed",
    "ChannelState",
    "Closed",
    "ConnectError",
    "Connection",
    "ConnectionLost",
    "EncodeError",
    "FallbackTransport",
    "FellBack",
    "GaveUp",
    "Heartbeat",
    "HeartbeatMissed",
    "JoinRefused",
    "Joined",
    "Left",
    "Lifecycle",
    "LongPollTransport",
    "Message",
    "NotJoinedError",
    "Opened",
    "PayloadError",
    "Presence",
    "PresenceStatus",
    "ProtocolError",
    "Push",
    "PushCancelled",
    "PushError",
    "PushRefused",
    "PushTimeout",
    "QueueOverflow",
    "Reconnect",
    "Rejoin",
    "Reply",
    "Retrying",
    "RxPhoenixError",
    "SendBuffer",
    "SerializerV1",
    "SerializerV2",
    "Socket",
    "SocketState",
    "SocketStats",
    "SteppedUp",
    "Transport",
    "TransportError",
    "Updated",
    "UsageError",
    "WebSocketTransport",
    "__version__",
]

__version__ = "0.1.0"
