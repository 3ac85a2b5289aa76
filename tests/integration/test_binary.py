"""Bytes as payloads: what a WebSocket carries both ways, and what other ways do."""

import pytest

from rx_phoenix import EncodeError, PushRefused, Reply
from tests.integration.waiting import first, listing

never_from_a_long_poll = pytest.mark.never(
    "longpoll", because="Phoenix answers a poll with HTTP 500 if it is to bring bytes"
)
never_in_v1 = pytest.mark.never("v1", because="it has no binary frames")

ANSWERED = [
    ("echo_binary", b"\x00\x01\xff", b"\x00\x01\xff"),
    ("echo_binary", bytearray(b"\xfe"), b"\xfe"),
    ("echo_binary", memoryview(b"\xfd"), b"\xfd"),
    ("echo_binary", b"\x00" * 1_000_000, b"\x00" * 1_000_000),
]
PUSHED = [
    ("push_binary", {}, "bin", [b"\x00\x01\x02\xfe\xff"]),
    ("broadcast_binary", {}, "bbin", [b"\x01\x02\x03"]),
    ("broadcast_binary", b"\xde\xad", "bbin", [b"\xde\xad"]),
]


@never_from_a_long_poll
@never_in_v1
@pytest.mark.parametrize(
    ("event", "payload", "response"), ANSWERED, ids=["1", "2", "3", "4"]
)
async def test_bytes_are_answered_with_bytes(joined, event, payload, response):
    assert await joined.push(event, payload) == response


@never_in_v1
@pytest.mark.parametrize("size", [0, 1, 100_000])
async def test_bytes_reach_the_server(joined, size):
    assert await joined.push("binary_size", b"\xff" * size) == {"size": size}


@never_from_a_long_poll
@never_in_v1
async def test_a_refusal_may_be_bytes(joined):
    push = joined.push("fail_binary", b"\x09")

    with pytest.raises(PushRefused) as refusal:
        await push

    assert (refusal.value.status, refusal.value.response) == ("error", b"\x09")
    assert await push.outcome == Reply("error", b"\x09")


@never_from_a_long_poll
@never_in_v1
@pytest.mark.parametrize(("event", "payload", "name", "heard"), PUSHED)
async def test_bytes_that_the_server_pushes_are_heard(
    joined, event, payload, name, heard
):
    values = listing(joined.events(name))
    last = first(joined.events(name))

    joined.push(event, payload)
    await last

    assert values == heard


@pytest.mark.never("longpoll", because="it speaks version 2")
@pytest.mark.never("websocket", because="it speaks version 2")
async def test_version_1_refuses_bytes_at_the_call(joined):
    with pytest.raises(EncodeError, match="use SerializerV2"):
        joined.push("echo_binary", b"\x00")

    assert await joined.push("echo", {"a": 1}) == {"a": 1}
