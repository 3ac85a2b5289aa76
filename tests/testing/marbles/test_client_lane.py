"""What the client item, and whether that was expected."""

import pytest

from rx_phoenix._protocol.message import Message
from rx_phoenix.testing._marbles.actions import Connects, Disconnects, Sends
from rx_phoenix.testing._marbles.client_lane import (
    Actual,
    ClientLane,
    Expected,
    frame_text,
)
from rx_phoenix.testing._marbles.parser import parse
from rx_phoenix.testing._transports.fake import FakeTransport

JOIN = Message("1", "1", "room:1", "phx_join", {})
PUSH = Message("1", "2", "room:1", "new_msg", {"body": "hi"})


@pytest.fixture
def attempt():
    transport = FakeTransport()
    transport.connect(None).subscribe()
    return transport.attempt


@pytest.fixture
def lane(attempt):
    lane = ClientLane()
    actions = [(0, Connects()), (0.1, JOIN), (0.3, PUSH), (0.4, Disconnects())]
    lane.done = [Actual(time, action, attempt) for time, action in actions]
    return lane


def compare(lane, text, **options):
    return lane.compare(parse(text), [(0.1, "o"), (0.2, "j")], **options)


def test_a_lane_of_the_same_actions_has_no_difference(lane):
    assert compare(lane, "*J-P!") == []


def test_a_difference_is_shown_below_the_servers_lane(lane):
    assert compare(lane, "*JP-!") == [
        "    server    -oj--",
        "    expected  *JP-!",
        "    actual    *J-P!",
        "                ^",
        "at 0.2s",
        "    expected  P  push",
        "    actual    nothing",
    ]


def test_a_difference_shows_the_frames_of_its_instant(lane):
    lines = compare(lane, "*J-L!")

    assert lines[-3:] == [
        "at 0.3s",
        "    expected  L  phx_leave",
        '    actual    P  ["1","2","room:1","new_msg",{"body":"hi"}]',
    ]


def test_a_lane_may_begin_later(lane):
    assert compare(lane, "P!", since=0.3) == []
    assert compare(lane, "!", since=0.3)[:3] == [
        "    server    --",
        "    expected  !-",
        "    actual    P!",
    ]


def test_a_custom_letter_comes_before_the_others(lane):
    lane.add_letter("M", Sends("new_msg"))

    assert lane.letter_of(PUSH) == "M"
    assert compare(lane, "*J-M!") == []


def test_a_general_letter_still_fits_and_is_drawn_where_it_was_expected(lane):
    lane.add_letter("M", Sends("new_msg"))

    assert compare(lane, "*J-P!") == []
    assert compare(lane, "*J-P")[2] == "    actual    *J-P!"


def test_the_actions_that_a_letter_means_can_be_listed(lane):
    assert [item.action for item in lane.sent("P")] == [PUSH]


def test_an_expected_letter_equals_the_actions_it_means():
    assert Expected("J", Sends("phx_join")) == JOIN
    assert Expected("J", Sends("phx_join")) != PUSH
    assert Expected("J", Sends("phx_join")) != Connects()
    assert str(Expected("J", Sends("phx_join"))) == "J  phx_join"


def test_a_frame_with_bytes_is_shown_too():
    message = Message("1", None, "t", "e", b"\x00")

    assert frame_text(message) == '["1",null,"t","e","AA=="]'
