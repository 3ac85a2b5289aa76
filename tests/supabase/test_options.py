"""The options of a channel."""

import pytest

from rx_phoenix import UsageError
from rx_phoenix.supabase import Realtime


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"name": 5}, "name of a channel must be text, got 5"),
        ({"private": "yes"}, "private must be a bool, got 'yes'"),
        ({"ack": 1}, "ack must be a bool, got 1"),
        ({"self_": None}, "self_ must be a bool, got None"),
        ({"presence_key": 5}, "presence_key must be text or None, got 5"),
        ({"private": True, "replay": 5}, "replay must be a mapping or None, got 5"),
    ],
)
def test_options_of_another_type_are_refused(arguments, why):
    realtime = Realtime("http://localhost", "key")
    with pytest.raises(UsageError, match=why):
        realtime.channel(**{"name": "room", **arguments})
