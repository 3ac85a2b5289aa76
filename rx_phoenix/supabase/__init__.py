"""Supabase Realtime: broadcasts, presence and changes of tables, over Phoenix Channels.

Its protocol is Phoenix's with a few additions, so everything that `Socket` and
`Channel` promise holds: connections heal, channels rejoin, pushes wait for both.
"""

from rx_phoenix.supabase._changes import Binding, Change, ChangesRefused, Column
from rx_phoenix.supabase._channel import RealtimeChannel
from rx_phoenix.supabase._payloads import Broadcast
from rx_phoenix.supabase._presence import RealtimePresence
from rx_phoenix.supabase._realtime import Realtime
from rx_phoenix.supabase._serializer import RealtimeSerializer
from rx_phoenix.supabase._status import ChannelStatus, SystemMessage

__all__ = [
    "Binding",
    "Broadcast",
    "Change",
    "ChangesRefused",
    "ChannelStatus",
    "Column",
    "Realtime",
    "RealtimeChannel",
    "RealtimePresence",
    "RealtimeSerializer",
    "SystemMessage",
]
