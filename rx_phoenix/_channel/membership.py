"""The membership of a channel: a table of stages, events and effects.

It decides, and does nothing: the core runs the effects. Two rules hold in each cell:

Rule 1: all state is updated before anyone is notified, because observers may call
back in. So the effects that notify come after those that arrange.
Rule 2: an effect that goes on after others were notified looks at the stage again.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from rx_phoenix._channel.stages import STATE_OF, ChannelEvent, Stage
from rx_phoenix._protocol.names import ChannelState

__all__ = [
    "CHANNEL_TRANSITIONS",
    "MEMBERSHIP",
    "Cell",
    "Effect",
    "Membership",
]


class Effect(Enum):
    """The effects of an event, in the groups in which they may follow each other."""

    # These arrange: nothing outside of the channel notices.
    CANCEL_REJOIN = auto()
    RESTART_DELAYS = auto()
    FORGET_FAILURES = auto()
    RESET_REJOIN = auto()
    COUNT_CLOSE = auto()
    VOID_ATTEMPT = auto()
    CLEAR_JOIN_REF = auto()
    CANCEL_DEADLINE = auto()
    KEEP_RESPONSE = auto()
    FORGET_JOINED = auto()
    TAKE_SENT_PUSHES = auto()
    TAKE_ALL_PUSHES = auto()
    DETACH_SESSION = auto()
    DETACH_LEASES = auto()
    END_REJOINS = auto()
    END_DEMAND = auto()
    START_LEAVE = auto()
    STOP_LEAVE = auto()
    MUTE = auto()
    UNMUTE = auto()
    KEEP_LEAVE_REPLY = auto()
    # The server must get this one before observers can join again.
    SEND_LATE_LEAVE = auto()
    # These notify: the state first, then outcomes, then listeners, then leases.
    EMIT_STATE = auto()
    SEND_LEAVE = auto()
    SETTLE_LEAVE = auto()
    SETTLE_JOIN = auto()
    FAIL_JOIN = auto()
    CANCEL_JOIN = auto()
    FAIL_PUSHES = auto()
    ANSWER_PUSH = auto()
    EMIT_RESPONSE = auto()
    EMIT_JOIN = auto()
    FLUSH_PUSHES = auto()
    RUN_JOIN_HOOKS = auto()
    EMIT_REFUSAL = auto()
    DELIVER = auto()
    EMIT_ERROR = auto()
    EMIT_CLOSE = auto()
    FAIL_LEASES = auto()
    COMPLETE_LEASES = auto()
    COMPLETE_STATES = auto()
    # These go on, from the stage that they find.
    HOLD_CONNECTION = auto()
    SEND_JOIN = auto()
    AWAIT_TURN = auto()
    REJOIN = auto()
    RESUME_AFTER_FAILURE = auto()
    RESUME_AFTER_CLOSE = auto()


Effects = tuple[Effect, ...]


class Cell(NamedTuple):
    """The decision on an event: the next stage, and the effects in their order."""

    stage: Stage
    effects: Effects


_S, _E, _F = Stage, ChannelEvent, Effect

_BEGIN: Effects = (
    _F.CANCEL_REJOIN,
    _F.UNMUTE,
    _F.EMIT_STATE,
    _F.HOLD_CONNECTION,
    _F.SEND_JOIN,
)
_ACCEPT: Effects = (
    _F.FORGET_FAILURES,
    _F.KEEP_RESPONSE,
    _F.EMIT_STATE,
    _F.SETTLE_JOIN,
    _F.EMIT_RESPONSE,
    _F.EMIT_JOIN,
    _F.FLUSH_PUSHES,
    _F.RUN_JOIN_HOOKS,
    _F.DELIVER,
)

# A join comes to nothing.
_VOID: Effects = (_F.VOID_ATTEMPT, _F.CANCEL_DEADLINE, _F.DETACH_SESSION)
_FAIL: Effects = (
    _F.EMIT_STATE,
    _F.FAIL_JOIN,
    _F.RUN_JOIN_HOOKS,
    _F.EMIT_REFUSAL,
    _F.FAIL_LEASES,
    _F.RESUME_AFTER_FAILURE,
    _F.DELIVER,
)
_FAIL_UNSENT: Effects = (*_VOID, *_FAIL)
_REFUSE: Effects = (_F.CLEAR_JOIN_REF, *_VOID, *_FAIL)
_REFUSE_FOR_GOOD: Effects = (_F.CLEAR_JOIN_REF, *_VOID, _F.END_REJOINS, *_FAIL)
_TIME_OUT: Effects = (_F.CLEAR_JOIN_REF, *_VOID, _F.SEND_LATE_LEAVE, *_FAIL)
_TIME_OUT_FOR_GOOD: Effects = (
    _F.CLEAR_JOIN_REF,
    *_VOID,
    _F.END_REJOINS,
    _F.SEND_LATE_LEAVE,
    *_FAIL,
)
_TIME_OUT_UNSENT_FOR_GOOD: Effects = (*_VOID, _F.END_REJOINS, *_FAIL)
# The caller waits no longer; the join goes on.
_TIME_OUT_CALLER: Effects = (_F.FAIL_JOIN, _F.RUN_JOIN_HOOKS)

# A membership dies, and with it what was sent.
_DIE_UNSENT: Effects = (
    _F.TAKE_SENT_PUSHES,
    _F.CANCEL_REJOIN,
    _F.VOID_ATTEMPT,
    _F.FORGET_JOINED,
    _F.EMIT_STATE,
    _F.FAIL_PUSHES,
)
_DIE: Effects = (
    _F.TAKE_SENT_PUSHES,
    _F.CANCEL_REJOIN,
    _F.FORGET_JOINED,
    *_VOID,
    _F.EMIT_STATE,
    _F.FAIL_PUSHES,
    _F.CANCEL_JOIN,
    _F.FAIL_LEASES,
)
_CRASH: Effects = (_F.DELIVER, _F.RESUME_AFTER_FAILURE)
_LOSE: Effects = (_F.EMIT_ERROR, _F.RESUME_AFTER_FAILURE)
# Closed by the server, where a policy takes that for a loss.
_LOSE_BY_CLOSE: Effects = (
    _F.CLEAR_JOIN_REF,
    _F.TAKE_SENT_PUSHES,
    _F.CANCEL_REJOIN,
    _F.COUNT_CLOSE,
    _F.FORGET_JOINED,
    *_VOID,
    _F.EMIT_STATE,
    _F.FAIL_PUSHES,
    _F.CANCEL_JOIN,
    _F.EMIT_CLOSE,
    _F.COMPLETE_LEASES,
    _F.RESUME_AFTER_FAILURE,
)
_LOSE_UNSENT_BY_CLOSE: Effects = (
    _F.CLEAR_JOIN_REF,
    _F.TAKE_SENT_PUSHES,
    _F.CANCEL_REJOIN,
    _F.COUNT_CLOSE,
    _F.VOID_ATTEMPT,
    _F.FORGET_JOINED,
    _F.DETACH_SESSION,
    _F.EMIT_STATE,
    _F.FAIL_PUSHES,
    _F.EMIT_CLOSE,
    _F.COMPLETE_LEASES,
    _F.RESUME_AFTER_FAILURE,
)
_GIVE_UP: Effects = (
    _F.DETACH_LEASES,
    _F.TAKE_ALL_PUSHES,
    _F.VOID_ATTEMPT,
    _F.CANCEL_DEADLINE,
    _F.EMIT_STATE,
    _F.CANCEL_JOIN,
    _F.FAIL_PUSHES,
    _F.FAIL_LEASES,
    _F.RESUME_AFTER_FAILURE,
)

# A membership ends, and with it all demand.
_STOP: Effects = (
    _F.RESET_REJOIN,
    _F.VOID_ATTEMPT,
    _F.STOP_LEAVE,
    _F.MUTE,
)
_OUTCOMES: Effects = (_F.SETTLE_LEAVE, _F.CANCEL_JOIN, _F.FAIL_PUSHES)
_END: Effects = (
    _F.END_DEMAND,
    *_STOP,
    _F.CLEAR_JOIN_REF,
    _F.EMIT_STATE,
    *_OUTCOMES,
)
_CLOSE: Effects = (
    *_END,
    _F.EMIT_CLOSE,
    _F.COMPLETE_LEASES,
    _F.RESUME_AFTER_CLOSE,
)
_CLOSE_AGAIN: Effects = (*_END, _F.COMPLETE_LEASES, _F.RESUME_AFTER_CLOSE)
_SHUT_DOWN: Effects = (
    *_END,
    _F.EMIT_CLOSE,
    _F.RESUME_AFTER_CLOSE,
    _F.COMPLETE_LEASES,
    _F.COMPLETE_STATES,
)
_SHUT_DOWN_CLOSED: Effects = (
    *_END,
    _F.RESUME_AFTER_CLOSE,
    _F.COMPLETE_LEASES,
    _F.COMPLETE_STATES,
)
_LEAVE: Effects = (
    *_STOP,
    _F.START_LEAVE,
    _F.END_DEMAND,
    _F.EMIT_STATE,
    _F.SEND_LEAVE,
    _F.CANCEL_JOIN,
    _F.FAIL_PUSHES,
    _F.COMPLETE_LEASES,
)

# While leaving, all old demand has ended; new demand waits for the end of the leave.
_END_LEAVE: Effects = (
    *_STOP,
    _F.CLEAR_JOIN_REF,
    _F.EMIT_STATE,
    _F.SETTLE_LEAVE,
    _F.DELIVER,
    _F.EMIT_CLOSE,
    _F.RESUME_AFTER_CLOSE,
)
_END_LEAVE_EARLY: Effects = (
    *_STOP,
    _F.CLEAR_JOIN_REF,
    _F.EMIT_STATE,
    _F.SETTLE_LEAVE,
    _F.EMIT_CLOSE,
    _F.RESUME_AFTER_CLOSE,
)
_LEAVE_AGAIN: Effects = (
    _F.END_DEMAND,
    _F.CANCEL_JOIN,
    _F.FAIL_PUSHES,
    _F.COMPLETE_LEASES,
)

MEMBERSHIP: Mapping[Stage, Mapping[ChannelEvent, Cell]] = {
    _S.CLOSED: {
        _E.JOIN_BEGUN: Cell(_S.WAITING, _BEGIN),
        _E.JOIN_TIMED_OUT: Cell(_S.CLOSED, _FAIL_UNSENT),
        _E.CONNECTION_OPENED: Cell(_S.CLOSED, (_F.RESTART_DELAYS,)),
        _E.CONNECTION_LOST: Cell(_S.CLOSED, (_F.CANCEL_REJOIN,)),
        _E.GAVE_UP: Cell(_S.CLOSED, _GIVE_UP),
        _E.LEFT: Cell(_S.CLOSED, _CLOSE_AGAIN),
        _E.CLOSED: Cell(_S.CLOSED, _CLOSE_AGAIN),
        _E.ENDED: Cell(_S.CLOSED, _SHUT_DOWN_CLOSED),
    },
    _S.WAITING: {
        _E.JOIN_SENT: Cell(_S.JOINING, ()),
        _E.JOIN_NOT_SENT: Cell(_S.ERRORED, _FAIL_UNSENT),
        _E.CALLER_TIMED_OUT: Cell(_S.WAITING, _TIME_OUT_CALLER),
        _E.JOIN_TIMED_OUT: Cell(_S.ERRORED, _FAIL_UNSENT),
        _E.JOIN_TIMED_OUT_FOR_GOOD: Cell(_S.ERRORED, _TIME_OUT_UNSENT_FOR_GOOD),
        _E.CRASHED: Cell(_S.ERRORED, (_F.CLEAR_JOIN_REF, *_DIE_UNSENT, *_CRASH)),
        _E.CLOSED_TO_REJOIN: Cell(_S.ERRORED, _LOSE_UNSENT_BY_CLOSE),
        _E.CONNECTION_OPENED: Cell(_S.WAITING, (_F.RESTART_DELAYS, _F.AWAIT_TURN)),
        _E.CONNECTION_LOST: Cell(_S.ERRORED, (_F.CLEAR_JOIN_REF, *_DIE_UNSENT, *_LOSE)),
        _E.GAVE_UP: Cell(_S.ERRORED, _GIVE_UP),
        _E.LEFT: Cell(_S.CLOSED, _CLOSE),
        _E.CLOSED: Cell(_S.CLOSED, _CLOSE),
        _E.ENDED: Cell(_S.CLOSED, _SHUT_DOWN),
    },
    _S.JOINING: {
        _E.JOIN_ACCEPTED: Cell(_S.JOINED, _ACCEPT),
        _E.JOIN_REFUSED: Cell(_S.ERRORED, _REFUSE),
        _E.JOIN_REFUSED_FOR_GOOD: Cell(_S.ERRORED, _REFUSE_FOR_GOOD),
        _E.CALLER_TIMED_OUT: Cell(_S.JOINING, _TIME_OUT_CALLER),
        _E.JOIN_TIMED_OUT: Cell(_S.ERRORED, _TIME_OUT),
        _E.JOIN_TIMED_OUT_FOR_GOOD: Cell(_S.ERRORED, _TIME_OUT_FOR_GOOD),
        _E.CRASHED: Cell(_S.ERRORED, (_F.CLEAR_JOIN_REF, *_DIE, *_CRASH)),
        _E.CLOSED_TO_REJOIN: Cell(_S.ERRORED, _LOSE_BY_CLOSE),
        _E.CONNECTION_LOST: Cell(_S.ERRORED, (_F.CLEAR_JOIN_REF, *_DIE, *_LOSE)),
        _E.GAVE_UP: Cell(_S.ERRORED, _GIVE_UP),
        _E.LEAVE_SENT: Cell(_S.LEAVING, _LEAVE),
        _E.LEFT: Cell(_S.CLOSED, _CLOSE),
        _E.CLOSED: Cell(_S.CLOSED, _CLOSE),
        _E.ENDED: Cell(_S.CLOSED, _SHUT_DOWN),
    },
    _S.JOINED: {
        # The ref stays: what the server still says of this join is delivered.
        _E.CRASHED: Cell(_S.ERRORED, (*_DIE, *_CRASH)),
        _E.UNMATCHED: Cell(_S.ERRORED, (*_DIE, _F.ANSWER_PUSH, _F.DELIVER, *_LOSE)),
        _E.CLOSED_TO_REJOIN: Cell(_S.ERRORED, _LOSE_BY_CLOSE),
        _E.CONNECTION_LOST: Cell(_S.ERRORED, (_F.CLEAR_JOIN_REF, *_DIE, *_LOSE)),
        _E.GAVE_UP: Cell(_S.ERRORED, _GIVE_UP),
        _E.LEAVE_SENT: Cell(_S.LEAVING, _LEAVE),
        _E.LEFT: Cell(_S.CLOSED, _CLOSE),
        _E.CLOSED: Cell(_S.CLOSED, _CLOSE),
        _E.ENDED: Cell(_S.CLOSED, _SHUT_DOWN),
    },
    _S.ERRORED: {
        _E.JOIN_BEGUN: Cell(_S.WAITING, _BEGIN),
        _E.JOIN_TIMED_OUT: Cell(_S.ERRORED, _FAIL_UNSENT),
        _E.CRASHED: Cell(_S.ERRORED, (*_DIE_UNSENT, *_CRASH)),
        _E.CLOSED_TO_REJOIN: Cell(_S.ERRORED, _LOSE_UNSENT_BY_CLOSE),
        _E.CONNECTION_OPENED: Cell(_S.ERRORED, (_F.RESTART_DELAYS, _F.REJOIN)),
        _E.CONNECTION_LOST: Cell(_S.ERRORED, (_F.CANCEL_REJOIN,)),
        _E.GAVE_UP: Cell(_S.ERRORED, _GIVE_UP),
        _E.LEFT: Cell(_S.CLOSED, _CLOSE),
        _E.CLOSED: Cell(_S.CLOSED, _CLOSE),
        _E.ENDED: Cell(_S.CLOSED, _SHUT_DOWN),
    },
    _S.LEAVING: {
        _E.CRASHED: Cell(_S.CLOSED, (*_END_LEAVE_EARLY, _F.DELIVER)),
        _E.CONNECTION_LOST: Cell(_S.CLOSED, _END_LEAVE_EARLY),
        _E.GAVE_UP: Cell(_S.LEAVING, _GIVE_UP),
        _E.LEAVE_SENT: Cell(_S.LEAVING, _LEAVE_AGAIN),
        _E.LEAVE_CONFIRMED: Cell(_S.LEAVING, (_F.KEEP_LEAVE_REPLY, _F.DELIVER)),
        _E.LEFT: Cell(_S.CLOSED, _END_LEAVE),
        _E.CLOSED: Cell(_S.CLOSED, _END_LEAVE_EARLY),
        _E.ENDED: Cell(_S.CLOSED, _SHUT_DOWN),
    },
}
"""The decisions, by stage and event; an event without a cell changes nothing."""

CHANNEL_TRANSITIONS: Mapping[ChannelState, Mapping[ChannelEvent, ChannelState]] = {
    state: {
        event: STATE_OF[cell.stage]
        for stage, row in MEMBERSHIP.items()
        for event, cell in row.items()
        if STATE_OF[stage] is state is not STATE_OF[cell.stage]
    }
    for state in ChannelState
}
"""The changes of state among them, as users see them."""


class Membership:
    """Decides what an event brings about, by the table `MEMBERSHIP`.

    Attributes:
        stage: The current stage.

    >>> membership = Membership()
    >>> effects = membership.handle(ChannelEvent.JOIN_BEGUN)
    >>> [effect.name for effect in effects][1:]
    ['UNMUTE', 'EMIT_STATE', 'HOLD_CONNECTION', 'SEND_JOIN']
    >>> membership.state
    <ChannelState.JOINING: 'joining'>
    """

    __slots__ = ("stage",)

    def __init__(self) -> None:
        self.stage = Stage.CLOSED

    @property
    def state(self) -> ChannelState:
        """The state, as users see it."""
        return STATE_OF[self.stage]

    def handle(self, event: ChannelEvent) -> Effects:
        """Take an event.

        Returns:
            The effects, which the caller must run in their order.
        """
        cell = MEMBERSHIP[self.stage].get(event)
        if cell is None:
            return ()
        self.stage, effects = cell
        return effects
