import pytest

from rx_phoenix._protocol.message import Message, Reply


def reply_with(payload, event="phx_reply"):
    return Message("1", "2", "room:1", event, payload).reply


def test_a_message_has_its_fields_in_the_order_of_the_wire():
    message = Message("1", "2", "room:1", "new_msg", {"n": 1})

    assert (
        message.join_ref,
        message.ref,
        message.topic,
        message.event,
        message.payload,
    ) == ("1", "2", "room:1", "new_msg", {"n": 1})


def test_messages_with_the_same_fields_are_equal():
    assert Message("1", "2", "t", "e", {}) == Message("1", "2", "t", "e", {})
    assert Message("1", "2", "t", "e", {}) != Message("1", "3", "t", "e", {})


@pytest.mark.parametrize("value", [Message(None, "1", "t", "e", {}), Reply("ok", {})])
def test_a_value_cannot_be_changed(value):
    with pytest.raises(AttributeError):
        value.ref = value.status = "other"


@pytest.mark.parametrize("response", [{"id": 7}, {}, [], None, "text", b"\x01"])
@pytest.mark.parametrize("status", ["ok", "error", "anything"])
def test_an_answer_is_a_reply(status, response):
    assert reply_with({"status": status, "response": response}) == Reply(
        status, response
    )


def test_an_answer_without_a_response_is_a_reply():
    assert reply_with({"status": "ok"}) == Reply("ok", None)


@pytest.mark.parametrize(
    "payload", [{}, {"status": 1}, {"status": None}, [], None, b""]
)
def test_an_answer_without_a_status_is_no_reply(payload):
    assert reply_with(payload) is None


def test_another_event_is_no_reply():
    assert reply_with({"status": "ok", "response": {}}, event="new_msg") is None


def test_neither_changes():
    message, reply = Message("1", "2", "room:1", "shout", {}), Reply("ok", {})

    with pytest.raises(AttributeError, match="immutable"):
        message.topic = "room:2"
    with pytest.raises(AttributeError, match="immutable"):
        reply.status = "error"
