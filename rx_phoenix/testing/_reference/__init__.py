"""The reference app: a contract of sockets, joins and events for testing clients.

A Phoenix application implements the same contract, so a test that uses only this
contract holds for both. Each action that a Phoenix server can take on a client has a
socket, a topic or an event here.
"""

from rx_phoenix.testing._reference.app import reference_app
from rx_phoenix.testing._reference.presence import PresenceRoom
from rx_phoenix.testing._reference.room import Room

__all__ = ["PresenceRoom", "Room", "reference_app"]
