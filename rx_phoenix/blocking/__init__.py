"""A face for programs that do not await: the same client, from any thread.

One event loop runs in one daemon thread. Calls wait for their answer and return it or
raise, within a timeout; events are iterated, or handed to functions on a worker thread.
"""

from rx_phoenix.blocking._channel import Channel
from rx_phoenix.blocking._items import Items
from rx_phoenix.blocking._presence import Presence
from rx_phoenix.blocking._socket import Socket

__all__ = ["Channel", "Items", "Presence", "Socket"]
