from copy import deepcopy

import pytest
from hypothesis import given

from rx_phoenix._protocol.presence import (
    metas_by_ref,
    sync_diff,
    sync_state,
    with_metas,
)
from tests import strategies


def presence(*refs, **extras):
    """One meta for each ref, as in phoenix.js's own examples."""
    return {"metas": [{"id": ref[0], "phx_ref": ref} for ref in refs], **extras}


STATE = {"u1": presence("1"), "u2": presence("2"), "u3": presence("3")}


class Calls(list):
    """What the listeners were told, in order."""

    def on_join(self, key, current, joined):
        self.append(("join", key, current, joined))

    def on_leave(self, key, current, left):
        self.append(("leave", key, current, left))

    @property
    def listeners(self):
        return self.on_join, self.on_leave


@pytest.fixture
def calls():
    return Calls()


# sync_state.


@pytest.mark.case(243)
@pytest.mark.defect(36)
def test_a_first_state_is_taken_as_it_is(calls):
    state = {}
    after = sync_state(state, {"u1": presence("1")}, *calls.listeners)

    assert after == {"u1": presence("1")}
    assert state == {}
    assert calls == [("join", "u1", None, presence("1"))]


def test_a_state_tells_who_joined_and_who_left(calls):
    new = {"u1": presence("1"), "u4": presence("4")}
    after = sync_state(STATE, new, *calls.listeners)

    assert after == new
    assert calls == [
        ("join", "u4", None, presence("4")),
        ("leave", "u2", presence(), presence("2")),
        ("leave", "u3", presence(), presence("3")),
    ]


@pytest.mark.case(245)
def test_a_state_tells_of_new_metas_only(calls):
    new = {**STATE, "u3": presence("3", "3.new")}
    after = sync_state(STATE, new, *calls.listeners)

    assert after == new
    assert calls == [("join", "u3", presence("3"), presence("3.new"))]


def test_a_state_tells_of_lost_metas_only(calls):
    before = {"u1": presence("1", "1.2")}
    after = sync_state(before, {"u1": presence("1.2")}, *calls.listeners)

    assert after == {"u1": presence("1.2")}
    assert calls == [("leave", "u1", presence("1.2"), presence("1"))]


def test_keys_that_are_gone_leave_before_metas_that_are_gone(calls):
    before = {"u1": presence("1", "1.2"), "u2": presence("2")}
    sync_state(before, {"u1": presence("1")}, *calls.listeners)

    assert [key for _, key, *_ in calls] == ["u2", "u1"]


def test_the_same_state_again_tells_nothing(calls):
    assert sync_state(STATE, STATE, *calls.listeners) == STATE
    assert calls == []


def test_metas_that_stay_keep_their_place_before_new_ones():
    after = sync_state({"u1": presence("1", "2")}, {"u1": presence("3", "2", "1")})

    assert after == {"u1": presence("1", "2", "3")}


def test_keys_that_stay_keep_their_place_before_new_ones():
    after = sync_state(STATE, {"u4": presence("4"), **STATE})

    assert list(after) == ["u1", "u2", "u3", "u4"]


@pytest.mark.case(259)
@pytest.mark.defect(36)
def test_what_the_server_says_now_is_taken(calls):
    """phoenix.js keeps the old contents of a meta whose ref it knows."""
    new = {"u1": {"metas": [{"phx_ref": "1", "name": "new"}], "user": "new"}}
    before = {"u1": {"metas": [{"phx_ref": "1", "name": "old"}], "user": "old"}}

    assert sync_state(before, new, *calls.listeners) == new
    assert calls == []


def test_metas_without_a_ref_are_taken_as_they_are():
    new = {"u1": {"metas": [{"id": 1}, {"id": 2}]}}

    assert sync_state({}, new) == new
    assert sync_state(new, new) == new


# sync_diff.


@pytest.mark.case(246)
def test_a_diff_brings_a_newcomer(calls):
    diff = {"joins": {"u1": presence("1")}, "leaves": {}}

    assert sync_diff({}, diff, *calls.listeners) == {"u1": presence("1")}
    assert calls == [("join", "u1", None, presence("1"))]


@pytest.mark.case(247)
@pytest.mark.defect(36)
def test_a_diff_adds_a_meta_and_removes_a_key_without_metas(calls):
    diff = {"joins": {"u1": presence("1.2")}, "leaves": {"u2": presence("2")}}
    after = sync_diff(STATE, diff, *calls.listeners)

    assert after == {"u1": presence("1", "1.2"), "u3": presence("3")}
    assert calls == [
        ("join", "u1", presence("1"), presence("1.2")),
        ("leave", "u2", presence(), presence("2")),
    ]


def test_a_diff_removes_one_of_several_metas(calls):
    before = {"u1": presence("1", "1.2")}
    diff = {"joins": {}, "leaves": {"u1": presence("1")}}

    assert sync_diff(before, diff, *calls.listeners) == {"u1": presence("1.2")}
    assert calls == [("leave", "u1", presence("1.2"), presence("1"))]


@pytest.mark.case(255)
def test_an_update_shows_the_new_meta_only(calls):
    diff = {"joins": {"u2": presence("2.2")}, "leaves": {"u2": presence("2")}}
    after = sync_diff(STATE, diff, *calls.listeners)

    assert after == {**STATE, "u2": presence("2.2")}
    assert calls == [
        ("join", "u2", presence("2"), presence("2.2")),
        ("leave", "u2", presence("2.2"), presence("2")),
    ]


@pytest.mark.case(257)
def test_a_known_ref_that_joins_is_replaced_and_moves_to_the_end():
    before = {"u1": presence("1", "2")}
    again = {"metas": [{"phx_ref": "1", "name": "new"}]}

    assert sync_diff(before, {"joins": {"u1": again}, "leaves": {}}) == {
        "u1": {"metas": [*presence("2")["metas"], *again["metas"]]}
    }


def test_what_stands_beside_the_metas_comes_from_who_joined():
    before = {"u1": presence("1", user="old", old=True)}
    diff = {"joins": {"u1": presence("2", user="new")}, "leaves": {}}

    assert sync_diff(before, diff) == {"u1": presence("1", "2", user="new")}


@pytest.mark.case(258)
def test_the_leave_of_a_stranger_is_no_matter(calls):
    diff = {"joins": {}, "leaves": {"u4": presence("4")}}

    assert sync_diff(STATE, diff, *calls.listeners) == STATE
    assert calls == []


@pytest.mark.case(258)
def test_the_leave_of_an_unknown_meta_changes_nothing_but_is_told(calls):
    diff = {"joins": {}, "leaves": {"u1": presence("9")}}

    assert sync_diff(STATE, diff, *calls.listeners) == STATE
    assert calls == [("leave", "u1", presence("1"), presence("9"))]


def test_all_joins_come_before_all_leaves(calls):
    diff = {
        "joins": {"u4": presence("4"), "u5": presence("5")},
        "leaves": {"u1": presence("1"), "u2": presence("2")},
    }
    sync_diff(STATE, diff, *calls.listeners)

    assert [key for _, key, *_ in calls] == ["u4", "u5", "u1", "u2"]


@pytest.mark.case(249)
@pytest.mark.parametrize("key", ["__proto__", "constructor", "hasOwnProperty", "7", ""])
def test_any_key_is_an_ordinary_key(key):
    state = sync_state({}, {key: presence("1")})

    assert state == {key: presence("1")}
    state = sync_diff(
        state, {"joins": {key: presence("2")}, "leaves": {key: presence("1")}}
    )
    assert state == {key: presence("2")}
    assert sync_diff(state, {"joins": {}, "leaves": {key: presence("2")}}) == {}


# Both.


def test_listeners_are_optional():
    diff = {"joins": {"u4": presence("4")}, "leaves": {"u1": presence("1")}}

    assert list(sync_diff(STATE, diff)) == ["u2", "u3", "u4"]


def test_one_listener_is_enough(calls):
    diff = {"joins": {"u4": presence("4")}, "leaves": {"u1": presence("1")}}
    sync_diff(STATE, diff, on_leave=calls.on_leave)

    assert [what for what, *_ in calls] == ["leave"]


def test_an_exception_of_a_listener_comes_out():
    def raising(*_):
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        sync_state({}, STATE, raising)


def test_a_repeated_ref_stays_where_the_server_puts_it_with_listeners_too(calls):
    new = {"u1": presence("2", "3", "2")}

    assert sync_state({"u1": presence("1")}, new, *calls.listeners) == new
    assert calls == [
        ("join", "u1", presence("1"), new["u1"]),
        ("leave", "u1", new["u1"], presence("1")),
    ]


def test_a_malformed_state_calls_no_listener(calls):
    new = {"u1": presence("1"), "u2": {"metas": [{"phx_ref": []}]}}

    with pytest.raises(TypeError):
        sync_state({}, new, *calls.listeners)
    assert calls == []


@given(strategies.presences, strategies.presences)
def test_a_state_without_listeners_is_the_same_as_with_them(before, after):
    quick = sync_state(before, after)
    told = sync_state(before, after, lambda *_: None, lambda *_: None)

    assert quick == told
    assert [*quick] == [*told]


@given(strategies.presences, strategies.presences)
def test_a_state_is_the_new_one_and_the_old_one_stays(before, new):
    copies = deepcopy((before, new))
    after = sync_state(before, new)

    assert (before, new) == copies
    assert after.keys() == new.keys()
    assert all(
        metas_by_ref(after[key]) == metas_by_ref(new[key])
        and {**after[key], "metas": 0} == {**new[key], "metas": 0}
        for key in new
    )


@given(strategies.presences, strategies.diffs)
def test_a_diff_leaves_its_inputs_as_they_are(before, diff):
    copies = deepcopy((before, diff))
    after = sync_diff(before, diff)

    assert (before, diff) == copies
    assert all(presence["metas"] for presence in after.values())


@given(strategies.presences, strategies.diffs)
def test_a_snapshot_cannot_be_changed(before, diff):
    for snapshot in (sync_state({}, before), sync_diff(before, diff)):
        with pytest.raises(TypeError):
            snapshot["u1"] = {}
        for entry in snapshot.values():
            with pytest.raises(TypeError):
                entry["metas"] = []
            with pytest.raises(TypeError):
                entry["metas"].append({})
            with pytest.raises(TypeError):
                entry["metas"][0]["phx_ref"] = "other"


@given(strategies.presences, strategies.presences, strategies.diffs)
def test_what_a_listener_is_told_cannot_be_changed(before, new, diff):
    def listener(_, current, concerned):
        for told in filter(None, (current, concerned)):
            with pytest.raises(TypeError):
                told["metas"].append({})
            for meta in told["metas"]:
                with pytest.raises(TypeError):
                    meta["phx_ref"] = "other"

    sync_state(before, new, listener, listener)
    sync_diff(before, diff, listener, listener)


@given(strategies.presences, strategies.diffs)
def test_a_snapshot_shares_what_did_not_change(before, diff):
    snapshot = sync_state({}, before)
    after = sync_diff(snapshot, diff)

    untouched = snapshot.keys() - diff["joins"].keys() - diff["leaves"].keys()
    assert all(after[key] is snapshot[key] for key in untouched)


def test_the_metas_of_a_presence_can_be_had_by_ref():
    one, two = metas = [{"phx_ref": "1"}, {"phx_ref": "2"}]

    assert metas_by_ref({"metas": metas}) == {"1": one, "2": two}


def test_a_presence_can_be_had_with_other_metas():
    before = presence("1", user="me")

    assert with_metas(before, []) == {"metas": [], "user": "me"}
    assert before == presence("1", user="me")
