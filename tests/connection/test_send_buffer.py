"""How many pushes wait, and what becomes of one too many."""

import pytest

from rx_phoenix._connection.send_buffer import PushQueue
from rx_phoenix._push import ChannelPush
from rx_phoenix.errors import PushCancelled
from rx_phoenix.policy import SendBuffer
from tests.operators.notes import Notes

OVERFLOWS = ["drop_newest", "drop_oldest"]


@pytest.fixture
def make_push():
    """A push that leaves the backlog when it is cancelled, as a channel's does."""

    def make(backlog, event="shout"):
        return ChannelPush(
            "room:1",
            event,
            {},
            10.0,
            report=lambda error: pytest.fail(str(error)),
            spawn=None,
            on_cancel=backlog.remove,
        )

    return make


@pytest.fixture
def offer(make_push):
    """Make a push, and add it if there is room."""

    def offer(backlog, event="shout"):
        push = make_push(backlog, event)
        if backlog.admit(push):
            backlog.add(push)
        return push

    return offer


def error_of(push):
    notes = Notes()
    push.subscribe(notes)
    (error,) = notes.errors
    return error


def test_nothing_waits_at_first():
    assert len(PushQueue(SendBuffer())) == 0


def test_pushes_that_wait_for_a_join_are_counted(offer):
    backlog = PushQueue(SendBuffer(2))
    offer(backlog)
    offer(backlog)

    assert len(backlog) == 2


def test_to_admit_a_push_is_not_yet_to_count_it(make_push):
    backlog = PushQueue(SendBuffer(1))

    assert backlog.admit(make_push(backlog))
    assert len(backlog) == 0


def test_a_push_counts_once_however_often_it_is_added(offer):
    backlog = PushQueue(SendBuffer(2))
    backlog.add(offer(backlog))

    assert len(backlog) == 1


def test_a_push_that_waits_no_longer_makes_room(make_push, offer):
    backlog = PushQueue(SendBuffer(1))
    backlog.remove(offer(backlog))

    assert len(backlog) == 0
    assert backlog.admit(make_push(backlog))


def test_removing_a_push_that_does_not_wait_is_no_matter(make_push, offer):
    backlog = PushQueue(SendBuffer())
    offer(backlog)
    backlog.remove(make_push(backlog))

    assert len(backlog) == 1


def test_frames_that_are_not_on_the_wire_are_counted_too(offer):
    backlog = PushQueue(SendBuffer())
    offer(backlog)
    backlog.wrote(1)
    backlog.wrote(2)

    assert len(backlog) == 3


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
    backlog = PushQueue(SendBuffer())
    for number in numbers:
        backlog.wrote(number)
    backlog.written(written)

    assert len(backlog) == left


def test_a_lost_connection_takes_its_frames_along_but_no_push_that_waits(offer):
    backlog = PushQueue(SendBuffer())
    push = offer(backlog)
    backlog.wrote(1)
    backlog.clear_wire()

    assert len(backlog) == 1
    assert push.status is None


def test_frames_of_the_next_connection_count_from_1_again(offer):
    backlog = PushQueue(SendBuffer())
    backlog.wrote(7)
    backlog.clear_wire()
    backlog.wrote(1)
    backlog.written(1)

    assert len(backlog) == 0


# One too many.


def test_the_newest_is_dropped_by_default(offer):
    backlog = PushQueue(SendBuffer(2))
    pushes = [offer(backlog, event) for event in "abc"]

    assert [push.status for push in pushes] == [None, None, "cancelled"]
    assert len(backlog) == 2


def test_the_oldest_can_be_dropped_instead(offer):
    backlog = PushQueue(SendBuffer(2, "drop_oldest"))
    pushes = [offer(backlog, event) for event in "abcd"]

    assert [push.status for push in pushes] == ["cancelled", "cancelled", None, None]
    assert len(backlog) == 2


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_what_is_on_its_way_already_is_not_dropped_for_a_newer_one(offer, overflow):
    backlog = PushQueue(SendBuffer(1, overflow))
    backlog.wrote(1)
    push = offer(backlog)

    assert push.status == "cancelled"
    assert len(backlog) == 1


def test_the_oldest_that_waits_makes_room_though_frames_are_older(offer):
    backlog = PushQueue(SendBuffer(2, "drop_oldest"))
    backlog.wrote(1)
    first, second = offer(backlog), offer(backlog)

    assert (first.status, second.status) == ("cancelled", None)


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_no_push_waits_where_none_is_allowed_to(offer, overflow):
    backlog = PushQueue(SendBuffer(0, overflow))
    push = offer(backlog)

    assert push.status == "cancelled"
    assert len(backlog) == 0


@pytest.mark.parametrize(
    ("overflow", "event"), [("drop_newest", "new"), ("drop_oldest", "old")]
)
def test_what_was_dropped_says_so_and_what_to_do(offer, overflow, event):
    backlog = PushQueue(SendBuffer(1, overflow))
    pushes = {event: offer(backlog, event) for event in ("old", "new")}
    error = error_of(pushes[event])

    assert type(error) is PushCancelled
    assert str(error) == (
        f"the push of {event!r} to 'room:1' was dropped, unsent: 1 pushes wait "
        "already, and send_buffer allows 1. Wait for the outcome of earlier ones, or "
        "allow more."
    )


def test_the_bound_holds_though_one_that_is_dropped_is_replaced_by_its_owner(offer):
    backlog = PushQueue(SendBuffer(2, "drop_oldest"))
    first, second = offer(backlog), offer(backlog)
    again = []
    first.receive("timeout", lambda _: again.append(offer(backlog, "again")))
    third = offer(backlog)

    assert len(backlog) == 2
    assert (first.status, second.status) == ("cancelled", "cancelled")
    assert (third.status, again[0].status) == (None, None)
