"""A reactive client for Phoenix Channels."""

from typing import TYPE_CHECKING

from rx_phoenix._lazy import lazy_names

if TYPE_CHECKING:
    from rx_phoenix._channel.join import Params as Params
    from rx_phoenix._protocol.changes import Joined as Joined
    from rx_phoenix._protocol.changes import Left as Left
    from rx_phoenix._protocol.changes import Updated as Updated
    from rx_phoenix._protocol.lifecycle import AttemptFailed as AttemptFailed
    from rx_phoenix._protocol.lifecycle import Closed as Closed
    from rx_phoenix._protocol.lifecycle import FellBack as FellBack
    from rx_phoenix._protocol.lifecycle import GaveUp as GaveUp
    from rx_phoenix._protocol.lifecycle import HeartbeatAnswered as HeartbeatAnswered
    from rx_phoenix._protocol.lifecycle import HeartbeatMissed as HeartbeatMissed
    from rx_phoenix._protocol.lifecycle import Lifecycle as Lifecycle
    from rx_phoenix._protocol.lifecycle import Opened as Opened
    from rx_phoenix._protocol.lifecycle import Retrying as Retrying
    from rx_phoenix._protocol.lifecycle import SteppedUp as SteppedUp
    from rx_phoenix._protocol.message import Message as Message
    from rx_phoenix._protocol.message import Reply as Reply
    from rx_phoenix._protocol.names import ChannelState as ChannelState
    from rx_phoenix._protocol.names import SocketState as SocketState
    from rx_phoenix._protocol.serializer import Serializer as Serializer
    from rx_phoenix._protocol.serializer import SerializerV1 as SerializerV1
    from rx_phoenix._protocol.serializer import SerializerV2 as SerializerV2
    from rx_phoenix._streams.provider import Provider as Provider
    from rx_phoenix._transport.contract import Connection as Connection
    from rx_phoenix._transport.contract import Transport as Transport
    from rx_phoenix._transport.fallback import FallbackTransport as FallbackTransport
    from rx_phoenix._transport.longpoll import LongPollTransport as LongPollTransport
    from rx_phoenix._transport.websocket import WebSocketTransport as WebSocketTransport
    from rx_phoenix.channel import Channel as Channel
    from rx_phoenix.errors import CallbackOverrun as CallbackOverrun
    from rx_phoenix.errors import ChannelConflict as ChannelConflict
    from rx_phoenix.errors import ChannelCrashed as ChannelCrashed
    from rx_phoenix.errors import ConnectError as ConnectError
    from rx_phoenix.errors import ConnectionLost as ConnectionLost
    from rx_phoenix.errors import EncodeError as EncodeError
    from rx_phoenix.errors import JoinRefused as JoinRefused
    from rx_phoenix.errors import NotJoinedError as NotJoinedError
    from rx_phoenix.errors import PayloadError as PayloadError
    from rx_phoenix.errors import ProtocolError as ProtocolError
    from rx_phoenix.errors import PushCancelled as PushCancelled
    from rx_phoenix.errors import PushError as PushError
    from rx_phoenix.errors import PushRefused as PushRefused
    from rx_phoenix.errors import PushTimeout as PushTimeout
    from rx_phoenix.errors import QueueOverflow as QueueOverflow
    from rx_phoenix.errors import RxPhoenixError as RxPhoenixError
    from rx_phoenix.errors import TransportError as TransportError
    from rx_phoenix.errors import UsageError as UsageError
    from rx_phoenix.errors import UsageWarning as UsageWarning
    from rx_phoenix.policy import Backoff as Backoff
    from rx_phoenix.policy import Duration as Duration
    from rx_phoenix.policy import Heartbeat as Heartbeat
    from rx_phoenix.policy import Reconnect as Reconnect
    from rx_phoenix.policy import Rejoin as Rejoin
    from rx_phoenix.policy import SendBuffer as SendBuffer
    from rx_phoenix.presence import Presence as Presence
    from rx_phoenix.presence import PresenceStatus as PresenceStatus
    from rx_phoenix.push import Push as Push
    from rx_phoenix.socket import Socket as Socket
    from rx_phoenix.stats import SocketStats as SocketStats
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "_channel.join": "Params",
            "_protocol.changes": "Joined Left Updated",
            "_protocol.lifecycle": """
                AttemptFailed Closed FellBack GaveUp HeartbeatAnswered HeartbeatMissed
                Lifecycle Opened Retrying SteppedUp
            """,
            "_protocol.message": "Message Reply",
            "_protocol.names": "ChannelState SocketState",
            "_protocol.serializer": "Serializer SerializerV1 SerializerV2",
            "_streams.provider": "Provider",
            "_transport.contract": "Connection Transport",
            "_transport.fallback": "FallbackTransport",
            "_transport.longpoll": "LongPollTransport",
            "_transport.websocket": "WebSocketTransport",
            "channel": "Channel",
            "errors": """
                CallbackOverrun ChannelConflict ChannelCrashed ConnectError
                ConnectionLost EncodeError JoinRefused NotJoinedError PayloadError
                ProtocolError PushCancelled PushError PushRefused PushTimeout
                QueueOverflow RxPhoenixError TransportError UsageError
                UsageWarning
            """,
            "policy": "Backoff Duration Heartbeat Reconnect Rejoin SendBuffer",
            "presence": "Presence PresenceStatus",
            "push": "Push",
            "socket": "Socket",
            "stats": "SocketStats",
        },
    )
    __all__ += ["__version__"]

__version__ = "0.2.0"
