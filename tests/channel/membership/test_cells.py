"""The table of a membership, cell by cell: where it leads, and in which order."""

import pytest

from rx_phoenix import Channel
from rx_phoenix._channel.change import Change
from rx_phoenix._channel.core import RUN, core_of
from rx_phoenix._channel.membership import (
    CHANNEL_TRANSITIONS,
    MEMBERSHIP,
    Effect,
    Membership,
)
from rx_phoenix._channel.stages import STATE_OF, ChannelEvent, Stage
from rx_phoenix._protocol.names import ChannelState

# A dot is an event that changes nothing there.

ARRIVALS = """
                        CLOSED   WAITING  JOINING  JOINED   ERRORED  LEAVING
join begun              WAITING  .        .        .        WAITING  .
join sent               .        JOINING  .        .        .        .
join not sent           .        ERRORED  .        .        .        .
join accepted           .        .        JOINED   .        .        .
join refused            .        .        ERRORED  .        .        .
join refused for good   .        .        ERRORED  .        .        .
caller timed out        .        WAITING  JOINING  .        .        .
join timed out          CLOSED   ERRORED  ERRORED  .        ERRORED  .
join timed out for good .        ERRORED  ERRORED  .        .        .
crashed                 .        ERRORED  ERRORED  ERRORED  ERRORED  CLOSED
lost by the server      .        .        .        ERRORED  .        .
connection opened       CLOSED   WAITING  .        .        ERRORED  .
connection lost         CLOSED   ERRORED  ERRORED  ERRORED  ERRORED  CLOSED
connection given up     CLOSED   ERRORED  ERRORED  ERRORED  ERRORED  LEAVING
leave sent              .        .        LEAVING  LEAVING  .        LEAVING
leave confirmed         .        .        .        .        .        LEAVING
left                    CLOSED   CLOSED   CLOSED   CLOSED   CLOSED   CLOSED
closed by the server    CLOSED   CLOSED   CLOSED   CLOSED   CLOSED   CLOSED
closed to rejoin        .        ERRORED  ERRORED  ERRORED  ERRORED  .
socket ended            CLOSED   CLOSED   CLOSED   CLOSED   CLOSED   CLOSED
"""

# From the first effect that others notice; after a @ the stages that differ.

ORDER = """
join begun: emit_state hold_connection send_join
join sent:
join not sent: emit_state fail_join run_join_hooks emit_refusal fail_leases
    resume_after_failure deliver
join accepted: emit_state settle_join emit_response emit_join flush_pushes
    run_join_hooks deliver
join refused: emit_state fail_join run_join_hooks emit_refusal fail_leases
    resume_after_failure deliver
join refused for good: emit_state fail_join run_join_hooks emit_refusal fail_leases
    resume_after_failure deliver
caller timed out: fail_join run_join_hooks
join timed out: emit_state fail_join run_join_hooks emit_refusal fail_leases
    resume_after_failure deliver
join timed out@JOINING: send_late_leave emit_state fail_join run_join_hooks emit_refusal
    fail_leases resume_after_failure deliver
join timed out for good: emit_state fail_join run_join_hooks emit_refusal fail_leases
    resume_after_failure deliver
join timed out for good@JOINING: send_late_leave emit_state fail_join run_join_hooks
    emit_refusal fail_leases resume_after_failure deliver
crashed: emit_state fail_pushes cancel_join fail_leases deliver resume_after_failure
crashed@WAITING ERRORED: emit_state fail_pushes deliver resume_after_failure
crashed@LEAVING: emit_state settle_leave emit_close resume_after_close deliver
lost by the server: emit_state fail_pushes cancel_join fail_leases answer_push deliver
    emit_error resume_after_failure
connection opened@CLOSED:
connection opened@WAITING: await_turn
connection opened@ERRORED: rejoin
connection lost: emit_state fail_pushes cancel_join fail_leases emit_error
    resume_after_failure
connection lost@WAITING: emit_state fail_pushes emit_error resume_after_failure
connection lost@CLOSED ERRORED:
connection lost@LEAVING: emit_state settle_leave emit_close resume_after_close
connection given up: emit_state cancel_join fail_pushes fail_leases resume_after_failure
leave sent: emit_state send_leave cancel_join fail_pushes complete_leases
leave sent@LEAVING: cancel_join fail_pushes complete_leases
leave confirmed: deliver
left: emit_state settle_leave cancel_join fail_pushes emit_close complete_leases
    resume_after_close
left@CLOSED: emit_state settle_leave cancel_join fail_pushes complete_leases
    resume_after_close
left@LEAVING: emit_state settle_leave deliver emit_close resume_after_close
closed by the server: emit_state settle_leave cancel_join fail_pushes emit_close
    complete_leases resume_after_close
closed by the server@CLOSED: emit_state settle_leave cancel_join fail_pushes
    complete_leases resume_after_close
closed by the server@LEAVING: emit_state settle_leave emit_close resume_after_close
closed to rejoin: emit_state fail_pushes cancel_join emit_close complete_leases
    resume_after_failure
closed to rejoin@WAITING ERRORED: emit_state fail_pushes emit_close complete_leases
    resume_after_failure
socket ended: emit_state settle_leave cancel_join fail_pushes emit_close
    resume_after_close complete_leases complete_states
socket ended@CLOSED: emit_state settle_leave cancel_join fail_pushes resume_after_close
    complete_leases complete_states
"""

CELLS = [
    (stage, event, cell)
    for stage, row in MEMBERSHIP.items()
    for event, cell in row.items()
]
every_cell = pytest.mark.parametrize(
    ("stage", "event", "cell"),
    [pytest.param(*cell, id=f"{cell[0].name} {cell[1]}") for cell in CELLS],
)
QUIET = [effect for effect in Effect if effect.value < Effect.SEND_LATE_LEAVE.value]

NEEDS = {
    Effect.TAKE_SENT_PUSHES: {Effect.FAIL_PUSHES},
    Effect.TAKE_ALL_PUSHES: {Effect.FAIL_PUSHES},
    Effect.DETACH_SESSION: {Effect.FAIL_LEASES},
    Effect.DETACH_LEASES: {Effect.FAIL_LEASES},
    Effect.END_REJOINS: {Effect.FAIL_LEASES},
    Effect.END_DEMAND: {
        Effect.CANCEL_JOIN,
        Effect.FAIL_PUSHES,
        Effect.COMPLETE_LEASES,
    },
    Effect.START_LEAVE: {Effect.SEND_LEAVE},
    Effect.STOP_LEAVE: {Effect.EMIT_STATE},
}
"""The effects that have to follow, so that no observer is left without an end."""


def drawn_arrivals():
    header, *rows = ARRIVALS.strip("\n").splitlines()
    stages = header.split()
    for row in rows:
        words = row.split()
        event = " ".join(words[: -len(stages)])
        for stage, arrival in zip(stages, words[-len(stages) :], strict=True):
            yield stage, event, arrival


def expected_orders():
    """The words for each event and stage; those of an event alone under None."""
    orders = {}
    for line in ORDER.strip("\n").replace("\n    ", " ").splitlines():
        key, _, words = line.partition(":")
        event, _, stages = key.partition("@")
        for stage in stages.split() or [None]:
            orders[event, stage] = words.split()
    return orders


ORDERS = expected_orders()


@pytest.mark.parametrize(("stage", "event", "arrival"), [*drawn_arrivals()])
def test_an_event_leads_where_the_drawing_says(stage, event, arrival):
    membership = Membership()
    membership.stage = Stage[stage]
    effects = membership.handle(ChannelEvent(event))

    is_quiet = arrival == "." or (stage, event) == ("WAITING", "join sent")
    assert (effects == ()) == is_quiet
    assert membership.stage is Stage[stage if arrival == "." else arrival]


def test_the_drawing_has_every_stage_and_every_event():
    drawn = [*drawn_arrivals()]

    assert {stage for stage, _, _ in drawn} == set(Stage.__members__)
    assert {event for _, event, _ in drawn} == set(ChannelEvent)


@every_cell
def test_others_notice_the_effects_in_their_order(stage, event, cell):
    noticed = [effect.name.lower() for effect in cell.effects if effect not in QUIET]

    assert noticed == ORDERS.get((event, stage.name), ORDERS.get((event, None)))


# What holds in every cell; a failure shows the cells in which it does not.


def cells_where(is_broken):
    return [f"{each[0].name} {each[1]}" for each in CELLS if is_broken(*each)]


def test_all_is_arranged_before_others_are_notified():
    def is_late(stage, event, cell):
        noticed = [effect not in QUIET for effect in cell.effects]
        return noticed != sorted(noticed)

    assert cells_where(is_late) == []


def test_no_effect_comes_twice():
    def is_repeated(stage, event, cell):
        return len(set(cell.effects)) != len(cell.effects)

    assert cells_where(is_repeated) == []


def test_the_state_is_emitted_wherever_it_changes():
    def is_silent(stage, event, cell):
        changes = STATE_OF[stage] is not STATE_OF[cell.stage]
        return changes and Effect.EMIT_STATE not in cell.effects

    assert cells_where(is_silent) == []


def test_what_is_taken_away_gets_its_end():
    def is_left(stage, event, cell):
        rejoins = event is ChannelEvent.CLOSED_TO_REJOIN
        for number, effect in enumerate(cell.effects):
            needed = NEEDS.get(effect, set())
            if rejoins and Effect.FAIL_LEASES in needed:
                needed = {Effect.COMPLETE_LEASES}
            if not needed <= set(cell.effects[number + 1 :]):
                return True
        return False

    assert cells_where(is_left) == []


def test_a_close_is_emitted_where_the_channel_closes_and_nowhere_else():
    def is_wrong(stage, event, cell):
        closes = cell.stage is Stage.CLOSED is not stage
        closes |= event is ChannelEvent.CLOSED_TO_REJOIN
        return (Effect.EMIT_CLOSE in cell.effects) != closes

    assert cells_where(is_wrong) == []


def test_every_effect_is_used_and_has_a_function():
    used = {effect for _, _, cell in CELLS for effect in cell.effects}

    assert used == set(Effect)
    assert all(callable(RUN[effect]) for effect in Effect)


def test_users_can_see_every_state():
    arrivals = {
        arrival for row in CHANNEL_TRANSITIONS.values() for arrival in row.values()
    }

    assert arrivals == set(ChannelState)


@every_cell
def test_a_channel_runs_the_effects_in_their_order(stage, event, cell, monkeypatch):
    ran = []
    for effect in Effect:
        monkeypatch.setitem(RUN, effect, lambda *_, e=effect: ran.append(e))
    channel = core_of(Channel("room:1"))
    channel.membership.stage = stage
    did = channel.apply(event, Change())

    assert tuple(ran) == cell.effects
    assert did == bool(cell.effects)
