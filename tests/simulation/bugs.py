"""Deliberate bugs, each a patch; every invariant is broken by one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pytest
from msgspec.structs import replace

from rx_phoenix._channel.core import ChannelCore
from rx_phoenix._channel.outbox import Outbox
from rx_phoenix._channel.rejoin import RejoinTimer
from rx_phoenix._connection.attempt import Attempt
from rx_phoenix._connection.heartbeat import HeartbeatMonitor
from rx_phoenix._connection.pace import JoinPace
from rx_phoenix._connection.router import Router
from rx_phoenix._connection.send_buffer import PushQueue
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Reply
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.callbacks import Callback
from rx_phoenix._streams.tasks import Tasks
from rx_phoenix.operators._bounded_queue import BoundedQueue
from rx_phoenix.policy import Backoff, Reconnect, Rejoin
from rx_phoenix.testing._simulation import Invariant

__all__ = ["BUGS", "Bug", "a_crashed_channel_stays_crashed"]

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """A patch and the invariant that it breaks.

    Attributes:
        plant: Patches the client.
        breaks: The invariant.
        steps: The number of steps until it shows.
    """

    plant: Plant
    breaks: Invariant
    steps: int = 120


def no_connection_is_abandoned(patch):
    patch.setattr(Attempt, "abandon", lambda *_: None)


def there_is_no_wait_between_attempts(patch):
    patch.setattr(Backoff, "__call__", lambda *_: 0.0)


def a_push_has_no_deadline(patch):
    patch.setattr(ChannelPush, "expire", lambda _: None)
    patch.setattr(Outbox, "take_all", lambda *_, **__: [])


def a_ping_never_ends_with_its_connection(patch):
    stop = HeartbeatMonitor.stop

    def stop_and_forget(monitor):
        stop(monitor)
        return []

    patch.setattr(HeartbeatMonitor, "stop", stop_and_forget)


def a_push_with_a_reply_times_out_too(patch):
    answer = ChannelPush.answer

    def answer_and_time_out(push, reply, secrets=()):
        answer(push, reply, secrets)
        push.begin_again()
        push.run_hooks(Reply("timeout", {}))

    patch.setattr(ChannelPush, "answer", answer_and_time_out)


def a_crashed_channel_stays_crashed(patch):
    patch.setattr(RejoinTimer, "schedule", lambda _: None)


def a_channel_does_not_notice_the_next_connection(patch):
    patch.setattr(ChannelCore, "opened", lambda _: None)


def only_the_first_join_gets_a_turn(patch):
    patch.setattr(JoinPace, "_run", lambda *_: None)


def a_hint_is_never_over(patch):
    patch.setattr(Rejoin, "least_delay", lambda *_: 3600.0)


def all_joins_have_their_turn_at_once(patch):
    patch.setattr(JoinPace, "_wait_of", lambda *_: 0.0)


def a_hint_is_ignored(patch):
    patch.setattr(RejoinTimer, "_take_hint", lambda *_: None)


def a_hint_does_not_outlive_its_connection(patch):
    patch.setattr(RejoinTimer, "resume", RejoinTimer.await_turn)


def a_heartbeat_that_is_missed_has_no_consequence(patch):
    patch.setattr(HeartbeatMonitor, "start", lambda _: None)


def only_an_answer_is_a_sign_of_life(patch):
    patch.setattr(Router, "received", property(lambda _: 0, lambda *_: None))


def a_404_is_final_whenever_it_comes(patch):
    decision = Reconnect.decision

    def decide_as_before_the_first_open(policy, error, **_):
        return decision(policy, error)

    patch.setattr(Reconnect, "decision", decide_as_before_the_first_open)


def a_leave_is_never_sent(patch):
    send = Router.send

    def send_all_but_leaves(router, message):
        if message.event != "phx_leave":
            send(router, message)

    patch.setattr(Router, "send", send_all_but_leaves)


def the_join_ref_of_a_message_is_ignored(patch):
    def receive_as_a_broadcast(channel, message):
        channel.receive(replace(message, join_ref=None))

    patch.setattr(ChannelCore, "receive_stale", receive_as_a_broadcast)


def a_message_is_delivered_again_in_place_of_the_next(patch):
    receive, received = ChannelCore.receive, WeakKeyDictionary()

    def receive_the_one_before(channel, message):
        last = received.get(channel, message)
        if message.event == "number" and last.join_ref == message.join_ref:
            received[channel] = message
            message = last
        receive(channel, message)

    patch.setattr(ChannelCore, "receive", receive_the_one_before)


def any_number_of_pushes_may_wait(patch):
    patch.setattr(PushQueue, "admit", lambda *_: True)


def a_full_queue_drops_silently(patch):
    put = BoundedQueue.put

    def put_if_there_is_room(waiting, value):
        if len(waiting) < 3:
            put(waiting, value)

    patch.setattr(BoundedQueue, "put", put_if_there_is_room)


def every_third_message_gets_lost(patch):
    receive, count = ChannelCore.receive, 0

    def receive_two_of_three(channel, message):
        nonlocal count
        count += message.event == "number"
        if message.event != "number" or count % 3:
            receive(channel, message)

    patch.setattr(ChannelCore, "receive", receive_two_of_three)


def an_error_shows_the_full_url(patch):
    patch.setattr(Endpoint, "public_url", property(lambda endpoint: endpoint.url))


def a_callback_outlives_its_socket(patch):
    patch.setattr(Tasks, "dispose", lambda _: None)
    patch.setattr(Callback, "dispose", lambda _: None)


def a_heartbeat_outlives_its_connection(patch):
    patch.setattr(HeartbeatMonitor, "stop", lambda _: [])


BUGS = [
    Bug(a_heartbeat_outlives_its_connection, Invariant.NOTHING_RAISED),
    Bug(no_connection_is_abandoned, Invariant.ONE_CONNECTION),
    Bug(there_is_no_wait_between_attempts, Invariant.FEW_ATTEMPTS),
    Bug(a_push_has_no_deadline, Invariant.ENDS_ONCE),
    Bug(a_ping_never_ends_with_its_connection, Invariant.ENDS_ONCE),
    Bug(a_push_with_a_reply_times_out_too, Invariant.ENDS_ONCE),
    Bug(a_crashed_channel_stays_crashed, Invariant.ALL_HEALS),
    Bug(a_channel_does_not_notice_the_next_connection, Invariant.ALL_HEALS),
    Bug(a_404_is_final_whenever_it_comes, Invariant.ALL_HEALS),
    Bug(only_the_first_join_gets_a_turn, Invariant.ALL_HEALS),
    Bug(a_hint_is_never_over, Invariant.ALL_HEALS),
    Bug(all_joins_have_their_turn_at_once, Invariant.PACED),
    Bug(a_hint_is_ignored, Invariant.HINTS_KEPT),
    Bug(a_hint_does_not_outlive_its_connection, Invariant.HINTS_KEPT),
    Bug(a_heartbeat_that_is_missed_has_no_consequence, Invariant.DEAD_FOUND),
    Bug(only_an_answer_is_a_sign_of_life, Invariant.RECEIVING_LIVES),
    Bug(a_leave_is_never_sent, Invariant.SERVER_AGREES),
    Bug(the_join_ref_of_a_message_is_ignored, Invariant.NO_OLD_JOIN),
    Bug(a_message_is_delivered_again_in_place_of_the_next, Invariant.IN_ORDER),
    Bug(any_number_of_pushes_may_wait, Invariant.BOUNDED, steps=600),
    Bug(a_full_queue_drops_silently, Invariant.ALL_ACCOUNTED),
    Bug(every_third_message_gets_lost, Invariant.ALL_ACCOUNTED),
    Bug(an_error_shows_the_full_url, Invariant.NO_SECRET),
    Bug(a_callback_outlives_its_socket, Invariant.NOTHING_LEFT),
]
"""For each invariant at least one bug that breaks it."""
