"""Meanings of the letters of a lane."""

import pytest

from rx_phoenix._protocol.lifecycle import Closed, Opened
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix.testing._marbles.actions import (
    ANY,
    CLIENT_LETTERS,
    SERVER_LETTERS,
    Answers,
    Closes,
    Fails,
    LetterValue,
    Opens,
    Says,
    Sends,
    meaning_of,
    partial,
)

JOIN = Message("1", "1", "room:1", "phx_join", {})
LEAVE = Message("1", "2", "room:1", "phx_leave", {})
PUSH = Message("1", "3", "room:1", "new_msg", {"body": "hi"})
HEARTBEAT = Message(None, "4", "phoenix", "heartbeat", {})


@pytest.mark.parametrize(
    ("letter", "fitting"),
    [("J", [JOIN]), ("L", [LEAVE]), ("P", [PUSH]), ("h", [HEARTBEAT])],
)
def test_a_client_letter_fits_one_kind_of_message(letter, fitting):
    sends = CLIENT_LETTERS[letter]

    messages = [JOIN, LEAVE, PUSH, HEARTBEAT]

    assert [message for message in messages if sends.fits(message)] == fitting


@pytest.mark.parametrize(
    ("sends", "is_fitting"),
    [
        (Sends("new_msg"), True),
        (Sends("new_msg", {"body": "hi"}), True),
        (Sends("new_msg", {"body": "hi"}, "room:1"), True),
        (Sends(topic="room:1"), True),
        (Sends("other"), False),
        (Sends("new_msg", {}), False),
        (Sends("new_msg", None), False),
        (Sends(topic="room:2"), False),
    ],
)
def test_a_custom_letter_fits_the_event_payload_and_topic_it_names(sends, is_fitting):
    assert sends.fits(PUSH) is is_fitting


@pytest.mark.parametrize(
    ("payload", "is_fitting"),
    [
        (lambda payload: payload["body"] == "hi", True),
        (lambda payload: payload["body"] == "ho", False),
        (partial({"body": "hi"}), True),
        (partial({}), True),
        (partial({"body": "ho"}), False),
        (partial({"at": ANY}), False),
        ({"body": ANY}, True),
        ({"body": ANY, "at": ANY}, False),
        (ANY, True),
    ],
)
def test_a_payload_may_be_a_predicate_or_a_pattern(payload, is_fitting):
    assert Sends("new_msg", payload).fits(PUSH) is is_fitting


def test_a_pattern_may_be_nested():
    sends = Sends("x", {"user": partial({"name": "Ann"}), "tags": [ANY, 2]})
    payload = {"user": {"name": "Ann", "id": 7}, "tags": [1, 2]}

    assert sends.fits(Message("1", "2", "room:1", "x", payload))


def test_a_partial_mapping_equals_only_mappings():
    assert partial({"a": 1}) != [("a", 1)]


def is_urgent(payload):
    return payload["urgent"]


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (is_urgent, "is_urgent"),
        (partial({"a": ANY}), "partial({'a': ANY})"),
        ({"a": ANY}, "{'a': ANY}"),
    ],
)
def test_a_predicate_and_a_pattern_are_shown(payload, shown):
    assert meaning_of(Sends("x", payload)) == f"x {shown}"


def test_any_can_be_a_key_of_itself():
    assert {ANY: 1} == {ANY: 1}


ANSWER = {"status": "ok", "response": {"n": 1}}
REPLY = Message("1", "3", "room:1", "phx_reply", ANSWER)
PUSHED = Message("1", None, "room:1", "new_msg", {"body": "hi"})


@pytest.mark.parametrize(
    ("meaning", "value"),
    [
        (Answers("P", response={"n": 1}), {"n": 1}),
        (Answers("P", response={"n": 1}), Reply("ok", {"n": 1})),
        (Answers("P", response={"n": 1}), REPLY),
        (Answers("P", "later", [1]), Reply("later", [1])),
        (Says("new_msg", {"body": "hi"}), {"body": "hi"}),
        (Says("new_msg", {"body": "hi"}), PUSHED),
        (Says("new_msg", {"body": "hi"}, "room:1"), PUSHED),
        (PUSHED, PUSHED),
        (PUSHED, {"body": "hi"}),
        ("raw", "raw"),
        (b"\x00", b"\x00"),
        (Opens(), Opened()),
        (Closes(), Closed(1000, "", clean=True)),
        (Closes(1006), Closed(1006, "", clean=False)),
    ],
)
def test_a_letter_equals_its_frame_its_payload_and_its_response(meaning, value):
    assert LetterValue("a", meaning) == value


@pytest.mark.parametrize(
    ("meaning", "value"),
    [
        (Answers("P", response={"n": 1}), {"n": 2}),
        (Answers("P", response={"n": 1}), Reply("error", {"n": 1})),
        (Answers("P", response={"n": 2}), REPLY),
        (Says("new_msg", {"body": "hi"}, "room:2"), PUSHED),
        (Says("other", {"body": "hi"}), PUSHED),
        (PUSHED, {"body": "ho"}),
        ("raw", "other"),
        (Opens(), None),
        (Closes(1012), Closed(1000, "", clean=True)),
        (Fails(), None),
    ],
)
def test_a_letter_equals_nothing_else(meaning, value):
    assert LetterValue("a", meaning) != value


@pytest.mark.parametrize(
    ("letter", "meaning"),
    [
        ("o", "open"),
        ("f", "attempt failed: refused"),
        ("j", "J answered ok"),
        ("r", "J answered error {'reason': 'unauthorized'}"),
        ("h", "h answered ok"),
        ("E", "phx_error {'reason': 'channel_crash'}"),
        ("C", "phx_close"),
        ("x", "closed 1000"),
        ("#", "lost"),
    ],
)
def test_a_server_letter_describes_its_meaning(letter, meaning):
    assert meaning_of(SERVER_LETTERS[letter]) == meaning


@pytest.mark.parametrize(
    ("letter", "meaning"),
    [
        (CLIENT_LETTERS["*"], "connect"),
        (CLIENT_LETTERS["!"], "disconnect"),
        (CLIENT_LETTERS["P"], "push"),
        (Sends("new_msg", {"n": 1}, "room:1"), "new_msg {'n': 1} to room:1"),
        (Closes(1012, "restart"), "closed 1012 restart"),
        (PUSHED, "new_msg {'body': 'hi'} to room:1"),
        ("raw", "'raw'"),
    ],
)
def test_every_letter_describes_its_meaning(letter, meaning):
    assert meaning_of(letter) == meaning


def test_a_letter_in_a_value_lane_shows_its_meaning():
    assert repr(LetterValue("j", Answers("J"))) == "(J answered ok)"
