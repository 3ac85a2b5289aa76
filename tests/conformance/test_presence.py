"""Who is there, by phoenix.js's algorithms."""

import pytest

from rx_phoenix import Presence
from rx_phoenix._protocol.changes import Joined, Left, Updated
from rx_phoenix._protocol.presence import sync_diff, sync_state

STATE = "presence_state"
DIFF = "presence_diff"


def metas(*refs):
    return {"metas": [{"id": ref.partition(".")[0], "phx_ref": ref} for ref in refs]}


def diff(joins=None, leaves=None):
    return {"joins": joins or {}, "leaves": leaves or {}}


def three():
    return {"u1": metas("1"), "u2": metas("2"), "u3": metas("3")}


class Calls(list):
    """What a listener is called with."""

    def __call__(self, *arguments):
        self.append(arguments)


@pytest.fixture
def came():
    return Calls()


@pytest.fixture
def went():
    return Calls()


@pytest.fixture
def presence(stage):
    """A presence of a channel that joins after it was made."""
    presence = Presence(stage.channel())
    stage.joined()
    return presence


@pytest.mark.case(243)
@pytest.mark.defect(36)
def test_the_state_is_what_the_server_says_and_the_old_one_stays_as_it_was():
    current, new = {}, {"u1": metas("1")}

    assert sync_state(current, new) == {"u1": metas("1")}
    assert (current, new) == ({}, {"u1": metas("1")})


@pytest.mark.case(245)
def test_metas_that_are_new_join_and_nothing_leaves(came, went):
    sync_state({"u3": metas("3")}, {"u3": metas("3", "3.new")}, came, went)

    assert came == [("u3", metas("3"), metas("3.new"))]
    assert went == []


@pytest.mark.case(246)
def test_a_diff_adds_who_joins():
    assert sync_diff({}, diff({"u1": metas("1")})) == {"u1": metas("1")}


@pytest.mark.case(247)
@pytest.mark.defect(36)
def test_a_diff_adds_metas_and_removes_who_has_none_left():
    before = three()

    after = sync_diff(before, diff({"u1": metas("1.2")}, {"u2": metas("2")}))

    assert after == {"u1": metas("1", "1.2"), "u3": metas("3")}
    assert before == three()


@pytest.mark.case(249)
@pytest.mark.parametrize("key", ["__proto__", "constructor", "hasOwnProperty"])
def test_a_key_may_have_any_name(key):
    state = sync_state({}, {key: metas("1")})
    assert state == {key: metas("1")}

    state = sync_diff(state, diff({key: metas("2")}, {key: metas("1")}))

    assert state == {key: metas("2")}


@pytest.mark.case(250)
@pytest.mark.case(262)
def test_the_list_is_in_order_of_arrival(stage, presence):
    stage.receive(STATE, {"9": metas("9"), "1": metas("1")})
    stage.receive(DIFF, diff({"5": metas("5")}))

    assert presence.list() == [metas("9"), metas("1"), metas("5")]


@pytest.mark.case(250)
def test_the_list_is_what_a_function_makes_of_each(stage, presence):
    stage.receive(STATE, three())

    refs = presence.list(lambda key, one: (key, one["metas"][0]["phx_ref"]))

    assert refs == [("u1", "1"), ("u2", "2"), ("u3", "3")]


@pytest.mark.case(251)
def test_a_presence_follows_state_and_diffs(stage, presence):
    stage.receive(STATE, {"u1": metas("1"), "u2": metas("2")})
    stage.receive(DIFF, diff(leaves={"u1": metas("1")}))

    assert presence.list() == [metas("2")]


@pytest.mark.case(251)
def test_a_sync_is_told_once_a_message(stage, presence):
    syncs = []
    presence.on_sync(lambda: syncs.append(len(presence.list())))

    stage.receive(STATE, three())
    stage.receive(DIFF, diff(leaves={"u1": metas("1")}))

    assert syncs == [3, 2]


@pytest.mark.case(253)
@pytest.mark.defect(35)
def test_after_a_rejoin_diffs_wait_for_the_state(stage, presence):
    channel, syncs = stage.channel(), []
    stage.receive(STATE, {"u1": metas("1")})
    presence.on_sync(lambda: syncs.append([*presence.state]))
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.answer("phx_join")

    stage.receive(DIFF, diff({"u3": metas("3")}, {"u2": metas("2")}))
    assert presence.status == "stale"
    assert presence.list() == [metas("1")]
    stage.receive(STATE, {"u1": metas("1"), "u2": metas("2")})

    assert presence.status == "synced"
    assert presence.list() == [metas("1"), metas("3")]
    assert syncs == [["u1", "u3"]]


@pytest.mark.case(254)
def test_the_events_may_have_other_names(stage):
    presence = Presence(stage.channel(), state_event="the_state", diff_event="a_diff")
    stage.joined()

    stage.receive("the_state", {"u1": metas("1")})
    stage.receive("a_diff", diff({"u2": metas("2")}))

    assert presence.list() == [metas("1"), metas("2")]


@pytest.mark.case(255)
def test_an_update_is_a_join_with_the_presence_before_it(stage, presence, came):
    presence.on_join(came)
    stage.receive(STATE, {"u2": metas("2")})
    came.clear()

    stage.receive(DIFF, diff({"u2": metas("2.2")}, {"u2": metas("2")}))

    assert presence.list() == [metas("2.2")]
    assert came == [("u2", metas("2"), metas("2.2"))]


@pytest.mark.defect(36)
def test_an_update_is_told_apart_from_a_leave_and_a_join(stage, presence):
    told = []
    presence.changes.subscribe(lambda change: told.append((type(change), change.key)))
    stage.receive(STATE, {"u2": metas("2")})

    update = {"metas": [{"phx_ref": "2.2", "phx_ref_prev": "2"}]}
    stage.receive(DIFF, diff({"u2": update}, {"u2": metas("2")}))
    stage.receive(DIFF, diff(leaves={"u2": update}))

    assert told == [(Joined, "u2"), (Updated, "u2"), (Left, "u2")]


@pytest.mark.case(257)
def test_a_join_with_a_known_ref_takes_its_place_at_the_end():
    before = {"u1": metas("1", "2")}
    changed = {"metas": [{"phx_ref": "1", "changed": True}]}

    after = sync_diff(before, diff({"u1": changed}))

    assert after["u1"]["metas"] == [*metas("2")["metas"], *changed["metas"]]


@pytest.mark.case(258)
def test_a_leave_of_nobody_is_not_told_and_of_an_unknown_ref_is(went):
    gone = {"u9": metas("9"), "u1": metas("7")}

    after = sync_diff({"u1": metas("1")}, diff(leaves=gone), None, went)

    assert after == {"u1": metas("1")}
    assert went == [("u1", metas("1"), metas("7"))]


@pytest.mark.case(259)
@pytest.mark.defect(36)
def test_the_state_has_the_latest_contents_of_a_meta():
    def here(is_away):
        return {"u1": {"metas": [{"phx_ref": "1", "away": is_away}], "name": is_away}}

    assert sync_state(here(is_away=False), here(is_away=True)) == here(is_away=True)


@pytest.mark.case(260)
@pytest.mark.defect(35)
def test_diffs_of_an_earlier_join_are_dropped(stage, presence):
    channel = stage.channel()
    stage.receive(DIFF, diff({"old": metas("0")}))
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.answer("phx_join")

    stage.receive(STATE, {"u1": metas("1")})

    assert presence.list() == [metas("1")]


@pytest.mark.case(261)
@pytest.mark.defect(35)
def test_the_status_says_that_the_users_may_be_old_while_disconnected(stage, presence):
    assert presence.status == "awaiting"
    stage.receive(STATE, {"u1": metas("1")})
    assert presence.status == "synced"

    stage.lose()

    assert presence.status == "stale"
    assert presence.list() == [metas("1")]


@pytest.mark.defect(35)
def test_a_rejoin_is_no_shower_of_joins(stage, presence, came, went):
    channel = stage.channel()
    stage.receive(STATE, {"u1": metas("1"), "u2": metas("2")})
    presence.on_join(came)
    presence.on_leave(went)
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.answer("phx_join")

    stage.receive(STATE, {"u1": metas("1.new"), "u3": metas("3")})

    assert came == [("u3", None, metas("3"))]
    assert [(key, left) for key, _, left in went] == [("u2", metas("2"))]


@pytest.mark.defect(35)
def test_a_presence_can_be_disposed_of(stage, presence):
    syncs = []
    presence.on_sync(lambda: syncs.append(1))

    presence.dispose()
    stage.receive(STATE, {"u1": metas("1")})

    assert syncs == []


@pytest.mark.defect(36)
def test_several_callbacks_hear_the_same_and_one_can_be_removed(stage, presence):
    kept, removed = Calls(), Calls()
    presence.on_join(kept)
    ref = presence.on_join(removed)

    presence.off(ref)
    stage.receive(STATE, {"u1": metas("1")})

    assert kept == [("u1", None, metas("1"))]
    assert removed == []


@pytest.mark.defect(36)
def test_a_state_that_was_given_out_never_changes(stage, presence):
    stage.receive(STATE, {"u1": metas("1")})
    before = presence.state

    stage.receive(DIFF, diff({"u2": metas("2")}))

    assert before == {"u1": metas("1")}
    with pytest.raises(TypeError):
        before["u1"] = None
