"""The reference app: one contract of sockets, joins and events, to test clients with.

A real Phoenix serves the same app elsewhere, so a test that uses only this contract
holds for both. Each of the things a Phoenix server can do to a client has a socket, a
topic or an event here.
"""

from rx_phoenix.testing._reference.app import reference_app
from rx_phoenix.testing._reference.presence import PresenceRoom
from rx_phoenix.testing._reference.room import Room

__all__ = ["PresenceRoom", "Room", "reference_app"]
