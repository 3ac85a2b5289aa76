"""How many pushes wait, and what becomes of one too many."""

import pytest

from rx_phoenix._connection.send_buffer import PushQueue
from rx_phoenix._push import ChannelPush
from rx_phoenix.errors import PushCancelled
from rx_phoenix.policy import SendBuffer
from tests.operators.recording_observer import RecordingObserver

OVERFLOWS = ["drop_newest", "drop_oldest"]


@pytest.fixture
def make_push():
    """A push that leaves the buffer when it is cancelled, as a channel's does."""

    def make(buffer, event="shout"):
        return ChannelPush(
            "room:1",
            event,
            {},
            10.0,
            report=lambda error: pytest.fail(str(error)),
            spawn=None,
            on_cancel=buffer.remove,
        )

    return make


@pytest.fixture
def offer(make_push):
    """Make a push, and add it if there is room."""

    def offer(buffer, event="shout"):
        push = make_push(buffer, event)
        if buffer.admit(push):
            buffer.add(push)
        return push

    return offer


def error_of(push):
    notes = RecordingObserver()
    push.subscribe(notes)
    (error,) = notes.errors
    return error


def test_nothing_waits_at_first():
    assert len(PushQueue(SendBuffer())) == 0


def test_pushes_that_wait_for_a_join_are_counted(offer):
    buffer = PushQueue(SendBuffer(2))
    offer(buffer)
    offer(buffer)

    assert len(buffer) == 2


def test_to_admit_a_push_is_not_yet_to_count_it(make_push):
    buffer = PushQueue(SendBuffer(1))

    assert buffer.admit(make_push(buffer))
    assert len(buffer) == 0


def test_a_push_counts_once_however_often_it_is_added(offer):
    buffer = PushQueue(SendBuffer(2))
    buffer.add(offer(buffer))

    assert len(buffer) == 1


def test_a_push_that_waits_no_longer_makes_room(make_push, offer):
    buffer = PushQueue(SendBuffer(1))
    buffer.remove(offer(buffer))

    assert len(buffer) == 0
    assert buffer.admit(make_push(buffer))


def test_removing_a_push_that_does_not_wait_is_no_matter(make_push, offer):
    buffer = PushQueue(SendBuffer())
    offer(buffer)
    buffer.remove(make_push(buffer))

    assert len(buffer) == 1


def test_frames_that_are_not_on_the_wire_are_counted_too(offer):
    buffer = PushQueue(SendBuffer())
    offer(buffer)
    buffer.wrote(1)
    buffer.wrote(2)

    assert len(buffer) == 3


@pytest.mark.parametrize(
    ("numbers", "written", "left"),
    [
        ([], 5, 0),
        ([3, 5, 8], 0, 3),
        ([3, 5, 8], 2, 3),
        ([3, 5, 8], 3, 2),
        ([3, 5, 8], 7, 1),
        ([3, 5, 8], 8, 0),
        ([3, 5, 8], 99, 0),
    ],
)
def test_frames_up_to_the_one_that_was_written_wait_no_longer(numbers, written, left):
    buffer = PushQueue(SendBuffer())
    for number in numbers:
        buffer.wrote(number)
    buffer.written(written)

    assert len(buffer) == left


def test_a_lost_connection_takes_its_frames_along_but_no_push_that_waits(offer):
    buffer = PushQueue(SendBuffer())
    push = offer(buffer)
    buffer.wrote(1)
    buffer.clear_wire()

    assert len(buffer) == 1
    assert push.status is None


def test_frames_of_the_next_connection_count_from_1_again(offer):
    buffer = PushQueue(SendBuffer())
    buffer.wrote(7)
    buffer.clear_wire()
    buffer.wrote(1)
    buffer.written(1)

    assert len(buffer) == 0


# One too many.


def test_the_newest_is_dropped_by_default(offer):
    buffer = PushQueue(SendBuffer(2))
    pushes = [offer(buffer, event) for event in "abc"]

    assert [push.status for push in pushes] == [None, None, "cancelled"]
    assert len(buffer) == 2


def test_the_oldest_can_be_dropped_instead(offer):
    buffer = PushQueue(SendBuffer(2, "drop_oldest"))
    pushes = [offer(buffer, event) for event in "abcd"]

    assert [push.status for push in pushes] == ["cancelled", "cancelled", None, None]
    assert len(buffer) == 2


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_what_is_on_its_way_already_is_not_dropped_for_a_newer_one(offer, overflow):
    buffer = PushQueue(SendBuffer(1, overflow))
    buffer.wrote(1)
    push = offer(buffer)

    assert push.status == "cancelled"
    assert len(buffer) == 1


def test_the_oldest_that_waits_makes_room_though_frames_are_older(offer):
    buffer = PushQueue(SendBuffer(2, "drop_oldest"))
    buffer.wrote(1)
    first, second = offer(buffer), offer(buffer)

    assert (first.status, second.status) == ("cancelled", None)


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_no_push_waits_where_none_is_allowed_to(offer, overflow):
    buffer = PushQueue(SendBuffer(0, overflow))
    push = offer(buffer)

    assert push.status == "cancelled"
    assert len(buffer) == 0


@pytest.mark.parametrize(
    ("overflow", "event"), [("drop_newest", "new"), ("drop_oldest", "old")]
)
def test_what_was_dropped_says_so_and_what_to_do(offer, overflow, event):
    buffer = PushQueue(SendBuffer(1, overflow))
    pushes = {event: offer(buffer, event) for event in ("old", "new")}
    error = error_of(pushes[event])

    assert type(error) is PushCancelled
    assert str(error) == (
        f"push {event!r} to 'room:1' was dropped: the send buffer is full "
        "(1 of 1). Await earlier pushes or raise send_buffer."
    )


def test_the_bound_holds_though_one_that_is_dropped_is_replaced_by_its_owner(offer):
    buffer = PushQueue(SendBuffer(2, "drop_oldest"))
    first, second = offer(buffer), offer(buffer)
    again = []
    first.receive("timeout", lambda _: again.append(offer(buffer, "again")))
    third = offer(buffer)

    assert len(buffer) == 2
    assert (first.status, second.status) == ("cancelled", "cancelled")
    assert (third.status, again[0].status) == (None, None)
