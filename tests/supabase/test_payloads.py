"""What a broadcast holds, and how a payload becomes a user's type."""

import pytest

from rx_phoenix import PayloadError
from rx_phoenix.supabase import Broadcast
from rx_phoenix.supabase._payloads import broadcast_of, converter


@pytest.mark.parametrize(
    ("payload", "broadcast"),
    [
        ({"event": "say", "payload": {"n": 1}}, Broadcast("say", {"n": 1})),
        ({"event": "say", "meta": {"id": "7"}}, Broadcast("say", None, {"id": "7"})),
        ({"event": "say", "payload": b"a", "meta": 5}, Broadcast("say", b"a")),
    ],
    ids=["JSON", "with metadata", "bytes"],
)
def test_a_payload_is_a_broadcast(payload, broadcast):
    assert broadcast_of(payload) == broadcast


@pytest.mark.parametrize("payload", [None, [], {}, {"event": 5}, "say"], ids=repr)
def test_a_payload_without_an_event_is_not(payload):
    with pytest.raises(PayloadError, match="not a broadcast"):
        broadcast_of(payload)


def test_a_converter_decodes_or_says_why_not():
    assert converter(None)({"n": 1}) == {"n": 1}
    assert converter(list[int])([1]) == [1]
    with pytest.raises(PayloadError, match="does not match"):
        converter(list[int])({"n": 1})
