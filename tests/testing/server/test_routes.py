import pytest

from rx_phoenix.testing._server.channel import ServerChannel
from rx_phoenix.testing._server.routes import route


class Lobby(ServerChannel):
    pass


class Room(ServerChannel):
    pass


CHANNELS = {"room:lobby": Lobby, "room:*": Room, "exact": Lobby}


@pytest.mark.parametrize(
    ("topic", "channel"),
    [
        ("room:lobby", Lobby),
        ("room:lobby2", Room),
        ("room:", Room),
        ("exact", Lobby),
        ("exact:1", None),
        ("", None),
        ("rooms", None),
        (3, None),
        (None, None),
        ([], None),
    ],
)
def test_the_first_matching_pattern_is_used(topic, channel):
    assert route(CHANNELS, topic) is channel
