"""Version 2 with Supabase's binary broadcasts, as the server reads and writes it."""

import pytest

from rx_phoenix import Message, SerializerV1
from rx_phoenix.supabase import RealtimeSerializer
from rx_phoenix.testing._server.codec import FrameError, V1Serializer
from rx_phoenix.testing._server.codec import Message as ServerMessage
from rx_phoenix.testing.supabase._codec import RealtimeCodec, UserBroadcast

CODEC = RealtimeCodec()


@pytest.mark.parametrize("payload", [{"n": 1}, [], b"\x00\xff"])
def test_a_broadcast_goes_through_as_it_was_sent(payload):
    content = {"type": "broadcast", "event": "say", "payload": payload, "id": 7}
    frame = RealtimeSerializer(["id"]).encode(
        Message("1", "2", "realtime:a", "broadcast", content)
    )
    message = CODEC.decode(frame)
    out = CODEC.encode_broadcast("realtime:a", "broadcast", message.payload)
    got = RealtimeSerializer().decode(out.data)

    assert message[:4] == ("1", "2", "realtime:a", "broadcast")
    assert got.payload == {
        "type": "broadcast",
        "event": "say",
        "payload": payload,
        "meta": {"id": 7},
    }


def test_other_frames_are_those_of_version_2():
    text = '["1","2","t","e",{}]'

    assert CODEC.decode(text) == ServerMessage("1", "2", "t", "e", {})
    assert CODEC.encode_broadcast("t", "broadcast", {}).data[:1] == b"["


@pytest.mark.parametrize("data", [b"\x03", b"\x03\x01\x01\x01\x01\x00\x01ab"])
def test_a_cut_frame_is_an_error(data):
    with pytest.raises(FrameError, match="shorter than its sizes"):
        CODEC.decode(data)


def test_version_1_gets_text():
    payload = UserBroadcast(type="broadcast", event="say", payload={"n": 1})

    frame = V1Serializer().encode_broadcast("t", "broadcast", payload)

    assert SerializerV1().decode(frame.data.decode()).payload == payload
