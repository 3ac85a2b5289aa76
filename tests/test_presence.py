"""A presence in virtual time: what it shows, to whom, and what that is worth."""

import json
from collections import deque
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops

from rx_phoenix import Backoff, Message, Presence, Reconnect, Rejoin, Socket
from rx_phoenix._protocol.changes import Joined, Left, Updated
from rx_phoenix.errors import CallbackOverrun, PayloadError
from rx_phoenix.presence import MAX_PENDING_DIFFS
from rx_phoenix.testing import FakeTransport, VirtualScheduler
from tests.growth import count_calls

TOPIC = "room:1"


class Room:
    """A channel, and the server's part in the test's hand."""

    def __init__(self):
        self.time = VirtualScheduler()
        self.transport = FakeTransport()
        self.socket = Socket(
            "ws://localhost/socket",
            transport=self.transport,
            scheduler=self.time,
            heartbeat=None,
            reconnect=Reconnect(Backoff.steps(1)),
            rejoin=Rejoin(Backoff.steps(1)),
        )
        self.unhandled = []
        self.socket.unhandled.subscribe(self.unhandled.append)
        self.channel = self.socket.channel(TOPIC)

    def join(self):
        """Join, and have it answered."""
        self.socket.connect()
        self.transport.attempt.open()
        self.channel.join()
        self.answer()

    def answer(self):
        """Answer the latest message."""
        to = self.transport.connection.messages[-1]
        ok = {"status": "ok", "response": {}}
        answer = Message(to.join_ref, to.ref, TOPIC, "phx_reply", ok)
        self.transport.connection.receive(answer)

    def lose(self):
        """Lose the connection."""
        self.transport.connection.lose()

    def reconnect(self):
        """Let the next attempt succeed; the rejoin is sent, and not answered yet."""
        self.time.advance_by(1)
        self.transport.attempt.open()

    def rejoin(self):
        """Come back after a loss."""
        self.reconnect()
        self.answer()

    def crash(self):
        """Let the channel crash; the rejoin is not sent yet."""
        ref = self.channel.join_ref
        self.transport.connection.receive(Message(ref, ref, TOPIC, "phx_error", {}))

    def state(self, presences, event="presence_state"):
        """Let the whole state arrive, as the channel pushes it."""
        message = Message(self.channel.join_ref, None, TOPIC, event, presences)
        self.transport.connection.receive(message)

    def diff(self, joins=None, leaves=None, event="presence_diff"):
        """Let a diff arrive, as it is broadcast."""
        payload = {"joins": joins or {}, "leaves": leaves or {}}
        self.say(payload, event)

    def say(self, payload, event="presence_diff"):
        """Let anything arrive that the topic is told."""
        message = Message(None, None, TOPIC, event, payload)
        self.transport.connection.receive(message)

    def close(self):
        """End the socket; nothing may be left of it."""
        self.socket.aclose()
        self.time.advance_by(2)
        assert self.time.pending == ()


@pytest.fixture
def room():
    room = Room()
    with room.time.loop.running():
        yield room
        room.close()
        assert room.unhandled == []


@pytest.fixture
def presence(room):
    """A presence of a channel that is joined, and that had no state yet."""
    presence = Presence(room.channel)
    room.join()
    return presence


def of(*refs, **extra):
    return {"metas": [{"phx_ref": ref, **extra} for ref in refs]}


def after(ref, previous):
    return {"metas": [{"phx_ref": ref, "phx_ref_prev": previous}]}


def calls_of(presence):
    """What phoenix.js's callbacks are told, in order."""
    calls = []

    def refs(presence):
        return presence and [meta["phx_ref"] for meta in presence["metas"]]

    presence.on_join(
        lambda k, old, new: calls.append(("join", k, refs(old), refs(new)))
    )
    presence.on_leave(
        lambda k, now, old: calls.append(("leave", k, refs(now), refs(old)))
    )
    presence.on_sync(lambda: calls.append(("sync",)))
    return calls


def listing(stream):
    values = []
    stream.subscribe(values.append)
    return values


# What it shows.


def test_before_the_state_there_is_nobody(presence):
    assert presence.state == {}
    assert presence.list() == []
    assert listing(presence.states) == []


def test_the_state_is_shown(room, presence):
    room.state({"u1": of("1"), "u2": of("2")})

    assert presence.state == {"u1": of("1"), "u2": of("2")}


@pytest.mark.case(251)
def test_diffs_are_followed(room, presence):
    room.state({"u1": of("1"), "u2": of("2")})

    room.diff({"u1": of("1.2"), "u3": of("3")}, {"u2": of("2")})

    assert presence.state == {"u1": of("1", "1.2"), "u3": of("3")}


@pytest.mark.case(262)
@pytest.mark.case(250)
def test_the_list_is_in_order_of_arrival_each_as_a_function_makes_it(room, presence):
    room.state({"9": of("9"), "1": of("1")})
    room.diff({"5": of("5")})

    assert presence.list() == [of("9"), of("1"), of("5")]
    assert presence.list(lambda key, it: (key, len(it["metas"]))) == [
        ("9", 1),
        ("1", 1),
        ("5", 1),
    ]


@pytest.mark.defect(36)
def test_a_state_that_was_shown_never_changes(room, presence):
    room.state({"u1": of("1")})
    before = presence.state

    room.diff({"u1": of("2")})

    assert before == {"u1": of("1")}
    with pytest.raises(TypeError, match="cannot be changed"):
        before["u2"] = of("2")


def test_the_states_are_a_stream_that_begins_with_the_latest(room, presence):
    early = listing(presence.states)
    room.state({"u1": of("1")})
    late = listing(presence.states)

    room.diff({"u2": of("2")})

    both = [{"u1": of("1")}, {"u1": of("1"), "u2": of("2")}]
    assert early == both
    assert late == both


def test_a_snapshot_is_made_once_for_all_who_look(room, presence):
    states = listing(presence.states)
    room.state({"u1": of("1")})
    room.diff({"u2": of("2")})

    assert presence.state is presence.state is states[-1]


def test_a_late_observer_gets_the_state_of_diffs_that_had_no_observer(room, presence):
    room.state({"u1": of("1")})
    room.diff({"u2": of("2")}, {"u1": of("1")})
    room.diff({"u3": of("3")})

    assert listing(presence.states) == [{"u2": of("2"), "u3": of("3")}]


def test_a_key_that_a_diff_does_not_concern_keeps_its_very_presence(room, presence):
    room.state({"u1": of("1"), "u2": of("2")})
    before = presence.state

    room.diff({"u2": of("3")})

    assert presence.state["u1"] is before["u1"]


def test_the_list_can_be_made_by_a_function_that_changes_the_presences(room, presence):
    room.state({"u1": of("1"), "u2": of("2")})

    def meddle(key, _):
        room.diff({f"{key} again": of("9")})
        return key

    assert presence.list(meddle) == ["u1", "u2"]


def test_keys_of_an_object_in_javascript_are_keys_like_any_other(room, presence):
    keys = ["__proto__", "constructor", "__class__", "metas", ""]
    room.state({key: of(key) for key in keys})
    room.diff({}, {keys[0]: of(keys[0])})

    assert [*presence.state] == keys[1:]


@pytest.mark.case(254)
def test_the_events_may_have_other_names(room):
    presence = Presence(room.channel, state_event="all", diff_event="some")
    room.join()

    room.state({"u1": of("1")}, "all")
    room.diff({"u2": of("2")}, event="some")

    assert [*presence.state] == ["u1", "u2"]


def test_several_presences_of_a_channel_do_not_disturb_each_other(room, presence):
    other = Presence(room.channel)
    room.state({"u1": of("1")})
    other.dispose()

    room.diff({"u2": of("2")})

    assert [*presence.state] == ["u1", "u2"]
    assert [*other.state] == ["u1"]


# Changes.


def test_who_is_there_at_first_joined(room, presence):
    changes = listing(presence.changes)

    room.state({"u1": of("1")})

    assert changes == [Joined("u1", of("1")["metas"], of("1"), is_first=True)]


def test_coming_and_going_are_told_with_what_is_there_then(room, presence):
    room.state({"u1": of("1")})
    changes = listing(presence.changes)

    room.diff({"u1": of("2")})
    room.diff({}, {"u1": of("1")})
    room.diff({}, {"u1": of("2")})

    both = of("1", "2")
    assert changes == [
        Joined("u1", of("2")["metas"], both, is_first=False),
        Left("u1", of("1")["metas"], of("2"), is_last=False),
        Left("u1", of("2")["metas"], of(), is_last=True),
    ]


@pytest.mark.defect(36)
def test_an_update_is_neither_a_leave_nor_a_join(room, presence):
    room.state({"u1": of("1")})
    changes = listing(presence.changes)

    new = after("2", "1")
    room.diff({"u1": new}, {"u1": of("1")})
    room.diff({}, {"u1": new})

    assert changes == [
        Updated("u1", of("1")["metas"], new["metas"], new),
        Left("u1", new["metas"], of(), is_last=True),
    ]


def test_the_state_is_new_when_a_change_or_a_sync_is_told(room, presence):
    seen = []
    presence.changes.subscribe(lambda _: seen.append([*presence.state]))
    presence.on_sync(lambda: seen.append(("sync", *presence.state)))

    room.state({"u1": of("1"), "u2": of("2")})
    room.diff({}, {"u1": of("1")})

    assert seen == [
        ["u1", "u2"],
        ["u1", "u2"],
        ("sync", "u1", "u2"),
        ["u2"],
        ("sync", "u2"),
    ]


# Callbacks.


@pytest.mark.case(251)
def test_callbacks_are_told_as_by_phoenix_js(room, presence):
    calls = calls_of(presence)

    room.state({"u1": of("1"), "u2": of("2")})
    room.diff({"u1": of("1.2"), "u3": of("3")}, {"u2": of("2")})

    assert calls == [
        ("join", "u1", None, ["1"]),
        ("join", "u2", None, ["2"]),
        ("sync",),
        ("join", "u1", ["1"], ["1.2"]),
        ("join", "u3", None, ["3"]),
        ("leave", "u2", [], ["2"]),
        ("sync",),
    ]


def test_an_update_is_a_join_and_a_leave_to_callbacks_all_joins_first(room, presence):
    room.state({"u1": of("1")})
    calls = calls_of(presence)

    room.diff({"u1": after("2", "1"), "u2": of("5")}, {"u1": of("1")})

    assert calls == [
        ("join", "u1", ["1"], ["2"]),
        ("join", "u2", None, ["5"]),
        ("leave", "u1", ["2"], ["1"]),
        ("sync",),
    ]


def test_the_state_and_what_waited_for_it_are_one_sync(room, presence):
    calls = calls_of(presence)
    room.diff({"u2": of("2")})
    room.diff({}, {"u1": of("1")})

    room.state({"u1": of("1")})

    assert calls.count(("sync",)) == 1
    assert [*presence.state] == ["u2"]


@pytest.mark.defect(36)
def test_every_callback_is_told_and_one_can_be_removed(room, presence):
    calls = []
    one = presence.on_sync(lambda: calls.append("one"))
    two = presence.on_join(lambda *_: calls.append("two"))
    presence.on_sync(lambda: calls.append("three"))

    room.state({"u1": of("1")})
    presence.off(one, two, two)
    room.diff({"u2": of("2")})

    assert calls == ["two", "one", "three", "three"]


def test_callbacks_may_be_coroutine_functions(room, presence):
    calls = []

    async def note(key, _old, _new):
        calls.append(key)

    presence.on_join(note)
    room.state({"u1": of("1"), "u2": of("2")})
    room.time.advance_by(0)

    assert calls == ["u1", "u2"]


def test_a_callback_that_raises_is_reported_and_others_are_told(room, presence):
    calls = []
    presence.on_sync(lambda: 1 / 0)
    presence.on_sync(lambda: calls.append("sync"))

    room.state({})

    assert calls == ["sync"]
    assert isinstance(room.unhandled.pop(), ZeroDivisionError)


def test_a_callback_may_dispose_of_the_presence(room, presence):
    calls = calls_of(presence)
    presence.on_sync(presence.dispose)

    room.state({"u1": of("1")})
    room.diff({"u2": of("2")})

    assert calls == [("join", "u1", None, ["1"]), ("sync",)]


# What the state is worth.


@pytest.mark.case(261)
@pytest.mark.defect(35)
def test_the_status_follows_state_and_loss(room, presence):
    statuses = listing(presence.statuses)
    room.state({"u1": of("1")})
    room.lose()
    shown = presence.list()
    room.rejoin()
    room.state({})
    room.channel.leave()
    room.answer()

    assert statuses == ["awaiting", "synced", "stale", "synced", "stale"]
    assert shown == [of("1")]


def test_a_loss_before_the_state_changes_nothing(room, presence):
    room.lose()

    assert presence.status == "awaiting"


def test_a_crash_of_the_channel_makes_the_state_stale(room, presence):
    room.state({"u1": of("1")})

    room.crash()

    assert presence.status == "stale"
    assert [*presence.state] == ["u1"]


def test_status_and_state_change_together(room, presence):
    seen = []
    presence.statuses.pipe(ops.skip(1)).subscribe(
        lambda status: seen.append((status, [*presence.state]))
    )
    presence.states.subscribe(lambda state: seen.append((presence.status, [*state])))

    room.state({"u1": of("1")})

    assert seen == [("synced", ["u1"]), ("synced", ["u1"])]


def test_a_presence_made_after_the_join_waits_for_the_next(room, presence):
    room.state({"u1": of("1")})
    late = Presence(room.channel)
    room.diff({"u2": of("2")})
    assert (late.status, late.state) == ("awaiting", {})

    room.lose()
    room.rejoin()
    room.state({"u1": of("1")})

    assert (late.status, late.state) == ("synced", {"u1": of("1")})


# A rejoin.


@pytest.mark.defect(35)
def test_a_rejoin_tells_who_came_and_went_meanwhile_and_nothing_else(room, presence):
    room.state({"stays": of("1"), "goes": of("2"), "counted anew": of("3")})
    calls, changes = calls_of(presence), listing(presence.changes)

    room.lose()
    room.rejoin()
    room.state({"stays": of("1"), "counted anew": of("33"), "comes": of("4")})

    assert calls == [
        ("join", "comes", None, ["4"]),
        ("leave", "goes", [], ["2"]),
        ("sync",),
    ]
    assert [(type(change), change.key) for change in changes] == [
        (Updated, "counted anew"),
        (Joined, "comes"),
        (Left, "goes"),
    ]


def test_a_rejoin_that_finds_all_as_it_was_is_one_sync(room, presence):
    room.state({"u1": of("1"), "u2": of("2")})
    calls, changes = calls_of(presence), listing(presence.changes)

    room.lose()
    room.rejoin()
    room.state({"u1": of("1"), "u2": of("2")})

    assert calls == [("sync",)]
    assert changes == []


@pytest.mark.case(253)
@pytest.mark.defect(35)
def test_after_a_rejoin_diffs_wait_for_the_state(room, presence):
    room.state({"u1": of("1")})
    syncs = []
    presence.on_sync(lambda: syncs.append([*presence.state]))
    room.lose()
    room.rejoin()

    room.diff({"u3": of("3")}, {"u2": of("2")})
    assert (presence.status, [*presence.state]) == ("stale", ["u1"])
    room.state({"u1": of("1"), "u2": of("2")})

    assert (presence.status, [*presence.state]) == ("synced", ["u1", "u3"])
    assert syncs == [["u1", "u3"]]


@pytest.mark.case(260)
@pytest.mark.defect(35)
def test_diffs_of_an_older_join_are_void(room, presence):
    room.diff({"ghost": of("9")})
    room.lose()
    room.rejoin()

    room.state({"u1": of("1")})

    assert [*presence.state] == ["u1"]


def test_a_diff_of_the_new_join_makes_those_of_the_older_void(room, presence):
    room.diff({"ghost": of("9")})
    room.lose()
    room.rejoin()
    room.diff({"u2": of("2")})

    room.state({"u1": of("1")})

    assert [*presence.state] == ["u1", "u2"]


def test_diffs_that_wait_are_bounded_and_the_loss_of_the_oldest_is_told(room, presence):
    for n in range(MAX_PENDING_DIFFS + 2):
        room.diff({f"u{n}": of(str(n))})

    room.state({})

    assert [*presence.state][:1] == ["u2"]
    assert len(presence.state) == MAX_PENDING_DIFFS
    assert [error.dropped for error in room.unhandled] == [1, 2]
    assert isinstance(room.unhandled[0], CallbackOverrun)
    assert "'room:1'" in str(room.unhandled[0])
    room.unhandled.clear()


# What is no presence.

NONSENSE = [
    None,
    7,
    "text",
    b"\x00",
    ["u1"],
    {"u1": None},
    {"u1": "metas"},
    {"u1": {}},
    {"u1": {"metas": None}},
    {"u1": {"metas": [7]}},
    {"u1": {"metas": ["text"]}},
    {"u1": {"metas": [{"phx_ref": []}]}},
]


@pytest.mark.parametrize("payload", NONSENSE)
def test_a_state_that_is_none_is_reported_and_changes_nothing(room, presence, payload):
    calls, states = calls_of(presence), listing(presence.states)

    room.state(payload)

    error = room.unhandled.pop()
    assert isinstance(error, PayloadError)
    assert error.payload == payload
    assert str(error).startswith("malformed presence_state was ignored: ")
    assert (presence.status, calls, states) == ("awaiting", [], [])


def test_a_state_too_deep_to_be_read_is_reported_and_changes_nothing(room, presence):
    class Deep(dict):
        def items(self):
            raise RecursionError

    room.channel.on_message = lambda *_: Deep()

    room.state({})

    assert isinstance(room.unhandled.pop(), PayloadError)
    assert presence.status == "awaiting"


DIFFS = [
    *({"joins": payload, "leaves": {}} for payload in NONSENSE),
    *({"joins": {}, "leaves": payload} for payload in NONSENSE[:5]),
    {"joins": {}},
    {"leaves": {}},
]


@pytest.mark.parametrize(
    ("keys", "metas", "most"), [(1, 300, 8), (100, 1, 50)], ids=["metas", "keys"]
)
def test_a_state_costs_few_calls_for_each_meta_however_many(
    room, presence, keys, metas, most
):
    presence.on_join(lambda *_: None)
    presence.on_leave(lambda *_: None)
    presence.changes.subscribe(lambda _: None)

    def calls(times, of):
        refs = range(times * metas) if keys == 1 else range(metas)
        state = {
            f"u{key}": {"metas": [{"phx_ref": f"{of} {ref}"} for ref in refs]}
            for key in range(keys if keys == 1 else times * keys)
        }
        ref, receive = room.channel.join_ref, room.transport.connection.receive
        frame = json.dumps([ref, None, TOPIC, "presence_state", state])
        return count_calls(lambda: receive(frame))

    calls(1, "first")
    once = calls(1, "second")
    calls(4, "third")

    assert once < most * keys * metas
    assert calls(4, "fourth") < 4.1 * once


@pytest.mark.parametrize("payload", DIFFS)
def test_a_diff_that_is_none_is_reported_and_changes_nothing(room, presence, payload):
    room.state({"u1": of("1")})
    calls, states = calls_of(presence), listing(presence.states)

    room.say(payload)

    error = room.unhandled.pop()
    assert isinstance(error, PayloadError)
    assert str(error).startswith("malformed presence_diff was ignored: ")
    assert (presence.status, calls, states) == ("synced", [], [{"u1": of("1")}])


def test_a_diff_that_is_none_keeps_no_other_from_being_followed(room, presence):
    room.say("nonsense")
    room.diff({"u2": of("2")})

    room.state({"u1": of("1")})

    assert [*presence.state] == ["u1", "u2"]
    assert isinstance(room.unhandled.pop(), PayloadError)


def test_an_error_names_the_event_as_it_is_called_here(room):
    Presence(room.channel, state_event="all", diff_event="some")
    room.join()

    room.state(7, "all")
    room.state({}, "all")
    room.say(7, "some")

    assert [str(error).split(" was ")[0] for error in room.unhandled] == [
        "malformed all",
        "malformed some",
    ]
    room.unhandled.clear()


# The end.


def completions_of(presence):
    ends = []
    for name in "statuses", "states", "changes":
        getattr(presence, name).subscribe(
            on_completed=lambda name=name: ends.append(name)
        )
    return ends


@pytest.mark.defect(35)
def test_dispose_ends_its_streams_and_callbacks_and_nothing_of_the_channel(
    room, presence
):
    calls, ends = calls_of(presence), completions_of(presence)
    events = listing(room.channel.events("presence_state"))

    presence.dispose()
    presence.dispose()
    room.state({"u1": of("1")})

    assert ends == ["statuses", "states", "changes"]
    assert calls == []
    assert presence.state == {}
    assert events == [{"u1": of("1")}]
    assert room.channel.state == "joined"


def test_a_presence_holds_its_channel_no_longer_than_it_listens(room):
    presence = Presence(room.channel)

    presence.dispose()

    assert room.channel.state == "closed"
    assert room.socket.state == "closed"


def test_the_removal_of_the_channel_ends_it(room, presence):
    ends = completions_of(presence)

    room.socket.remove(room.channel)
    room.answer()

    assert ends == ["statuses", "states", "changes"]


def test_a_presence_of_a_removed_channel_has_ended_already(room, presence):
    room.socket.remove(room.channel)
    room.answer()

    late = Presence(room.channel)

    assert completions_of(late) == ["statuses", "states", "changes"]


# Whatever happens, it shows in the end what the server knows.


class Server:
    """Who is there, and what a client is told of it, sooner or later.

    A diff is broadcast past the channel's process, which pushes the state: either
    may overtake the other, but no diff another.
    """

    def __init__(self, room):
        self.room = room
        self.metas = {}
        self.refs = map(str, count(1))
        self.diffs = deque()
        self.snapshot = None
        self.owes_state = True
        self.is_joined = True

    @property
    def truth(self):
        """By key, the refs and what is told with each."""
        return {key: dict(metas) for key, metas in self.metas.items() if metas}

    def tell(self, joins, leaves):
        if self.is_joined:
            self.diffs.append((joins, leaves))

    def track(self, key):
        ref = next(self.refs)
        meta = self.metas.setdefault(key, {})[ref] = {"phx_ref": ref}
        self.tell({key: {"metas": [meta]}}, {})

    def update(self, key):
        metas = self.metas.get(key)
        if metas:
            old, new = min(metas), next(self.refs)
            gone = metas.pop(old)
            meta = metas[new] = {"phx_ref": new, "phx_ref_prev": old}
            self.tell({key: {"metas": [meta]}}, {key: {"metas": [gone]}})

    def untrack(self, key):
        metas = self.metas.get(key)
        if metas:
            gone = metas.pop(min(metas))
            self.tell({}, {key: {"metas": [gone]}})

    def restart(self, _):
        """Forget, and count everybody anew, as a new process of the tracker does."""
        if not self.is_joined:
            for key, metas in self.metas.items():
                refs = [next(self.refs) for _ in metas]
                self.metas[key] = {ref: {"phx_ref": ref} for ref in refs}

    def look(self, _):
        """The channel's process reads the state that it is going to push."""
        if self.owes_state:
            self.owes_state = False
            self.snapshot = {
                key: {"metas": [*metas.values()]}
                for key, metas in self.metas.items()
                if metas
            }

    def push(self, _):
        if self.snapshot is not None:
            self.room.state(self.snapshot)
            self.snapshot = None

    def broadcast(self, _):
        if self.diffs:
            self.room.diff(*self.diffs.popleft())

    def lose(self, _):
        if self.is_joined:
            self.is_joined, self.owes_state, self.snapshot = False, False, None
            self.diffs.clear()
            self.room.lose()

    def rejoin(self, _):
        if not self.is_joined:
            self.is_joined = self.owes_state = True
            self.room.rejoin()

    @property
    def has_told_all(self):
        owes = self.owes_state or self.snapshot is not None or self.diffs
        return self.is_joined and not owes


STEPS = [
    *("track", "update", "untrack", "restart"),
    *("look", "push", "broadcast", "broadcast"),
    *("lose", "rejoin"),
]


HISTORIES = st.lists(
    st.tuples(st.sampled_from(STEPS), st.sampled_from("ab")), min_size=20, max_size=60
)


@given(HISTORIES)
def test_it_shows_what_the_server_knows_once_that_has_told_all(history):
    room = Room()
    presence = Presence(room.channel)
    followed = {}

    def by_ref(presence):
        return {meta["phx_ref"]: meta for meta in presence["metas"]}

    def follow(change):
        followed[change.key] = by_ref(change.presence)

    presence.changes.subscribe(follow)
    with room.time.loop.running():
        room.join()
        server = Server(room)
        for step, key in history:
            getattr(server, step)(key)
            if server.has_told_all:
                shown = {key: by_ref(it) for key, it in presence.state.items()}
                assert shown == server.truth
                assert {key: it for key, it in followed.items() if it} == server.truth
        room.close()

    assert room.unhandled == []
