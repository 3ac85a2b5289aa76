import pytest
from hypothesis import given

from rx_phoenix._protocol.changes import (
    Joined,
    Left,
    Updated,
    changes,
    resync_changes,
)
from rx_phoenix._protocol.presence import metas_by_ref, sync_diff, sync_state
from tests import strategies
from tests.growth import least_seconds


def meta(ref, prev=None, **more):
    return {"phx_ref": ref, **({"phx_ref_prev": prev} if prev else {}), **more}


def presence(*metas, **extras):
    return {"metas": list(metas), **extras}


ONE, TWO = meta("1"), meta("2")


def joins(**presences):
    return {"joins": presences, "leaves": {}}


def leaves(**presences):
    return {"joins": {}, "leaves": presences}


# A diff.


def test_a_newcomer_joined():
    assert changes({}, joins(u1=presence(ONE))) == [
        Joined("u1", [ONE], presence(ONE), is_first=True)
    ]


def test_a_second_place_joined_too_but_not_first():
    assert changes({"u1": presence(ONE)}, joins(u1=presence(TWO))) == [
        Joined("u1", [TWO], presence(ONE, TWO), is_first=False)
    ]


def test_whoever_is_gone_left():
    assert changes({"u1": presence(ONE, user=7)}, leaves(u1=presence(ONE))) == [
        Left("u1", [ONE], presence(user=7), is_last=True)
    ]


def test_one_place_of_several_left_but_not_last():
    assert changes({"u1": presence(ONE, TWO)}, leaves(u1=presence(ONE))) == [
        Left("u1", [ONE], presence(TWO), is_last=False)
    ]


def test_a_leave_and_a_join_that_names_it_are_an_update():
    new = meta("2", "1", status="away")
    diff = {"joins": {"u1": presence(new)}, "leaves": {"u1": presence(ONE)}}

    assert changes({"u1": presence(ONE)}, diff) == [
        Updated("u1", [ONE], [new], presence(new))
    ]


def test_an_update_in_one_of_two_places_leaves_the_other_alone():
    new = meta("3", "1")
    diff = {"joins": {"u1": presence(new)}, "leaves": {"u1": presence(ONE)}}

    assert changes({"u1": presence(ONE, TWO)}, diff) == [
        Updated("u1", [ONE], [new], presence(TWO, new))
    ]


def test_a_leave_and_a_join_that_does_not_name_it_are_both():
    diff = {"joins": {"u1": presence(TWO)}, "leaves": {"u1": presence(ONE)}}

    assert changes({"u1": presence(ONE)}, diff) == [
        Joined("u1", [TWO], presence(TWO), is_first=False),
        Left("u1", [ONE], presence(TWO), is_last=False),
    ]


def test_a_meta_without_a_ref_is_not_taken_for_the_previous_one():
    anonymous = {"name": "no ref"}
    diff = {"joins": {"u1": presence(ONE)}, "leaves": {"u1": presence(anonymous)}}

    assert changes({"u1": presence(anonymous)}, diff) == [
        Joined("u1", [ONE], presence(ONE), is_first=False),
        Left("u1", [anonymous], presence(ONE), is_last=False),
    ]


def test_several_updates_told_as_one_are_an_update():
    """A tracker of another node may leave out the meta in between."""
    new = meta("3", "2")
    diff = {"joins": {"u1": presence(new)}, "leaves": {"u1": presence(ONE)}}

    assert changes({"u1": presence(ONE)}, diff) == [
        Updated("u1", [ONE], [new], presence(new))
    ]


def test_updates_are_paired_by_their_refs_first():
    new_two, new_one = meta("4", "2"), meta("5", "9")
    diff = {
        "joins": {"u1": presence(new_one, new_two)},
        "leaves": {"u1": presence(TWO, ONE)},
    }

    assert changes({"u1": presence(ONE, TWO)}, diff) == [
        Updated("u1", [TWO, ONE], [new_two, new_one], presence(new_one, new_two))
    ]


def test_an_update_of_what_was_not_there_is_a_join():
    new = meta("2", "1")
    diff = {"joins": {"u1": presence(new)}, "leaves": {"u1": presence(ONE)}}

    assert changes({}, diff) == [Joined("u1", [new], presence(new), is_first=True)]


def test_a_known_meta_with_other_contents_is_an_update():
    new = meta("1", status="away")

    assert changes({"u1": presence(ONE)}, joins(u1=presence(new))) == [
        Updated("u1", [ONE], [new], presence(new))
    ]


@pytest.mark.parametrize(
    "diff",
    [
        joins(u1=presence(ONE)),
        leaves(u1=presence(meta("9"))),
        leaves(u2=presence(TWO)),
        {"joins": {}, "leaves": {}},
    ],
    ids=["joined before", "unknown meta", "unknown key", "empty"],
)
def test_what_changes_nothing_is_no_change(diff):
    assert changes({"u1": presence(ONE)}, diff) == []


def test_who_joins_and_leaves_in_one_diff_was_never_there():
    diff = {"joins": {"u1": presence(ONE)}, "leaves": {"u1": presence(ONE)}}

    assert changes({}, diff) == []


def test_what_changes_beside_the_metas_is_an_update():
    diff = joins(u1=presence(ONE, user="new"))

    assert changes({"u1": presence(ONE, user="old")}, diff) == [
        Updated("u1", [], [], presence(ONE, user="new"))
    ]


def test_the_joins_come_first():
    diff = {"joins": {"u2": presence(TWO)}, "leaves": {"u1": presence(ONE)}}

    assert [change.key for change in changes({"u1": presence(ONE)}, diff)] == [
        "u2",
        "u1",
    ]


# A state after another.


def test_a_server_that_counts_anew_updates_everybody():
    new = meta("9")

    assert resync_changes({"u1": presence(ONE)}, {"u1": presence(new)}) == [
        Updated("u1", [ONE], [new], presence(new))
    ]


def test_our_own_return_updates_us():
    before = {"me": presence(ONE), "u2": presence(TWO)}
    after = {"u2": presence(TWO), "me": presence(meta("3"))}

    assert [(type(change), change.key) for change in resync_changes(before, after)] == [
        (Updated, "me")
    ]


def test_who_came_and_went_meanwhile_joined_and_left():
    before, after = {"u1": presence(ONE)}, {"u2": presence(TWO)}

    assert resync_changes(before, after) == [
        Joined("u2", [TWO], presence(TWO), is_first=True),
        Left("u1", [ONE], presence(), is_last=True),
    ]


def test_one_place_more_meanwhile_joined():
    before, after = {"u1": presence(ONE)}, {"u1": presence(meta("8"), meta("9"))}

    assert resync_changes(before, after) == [
        Joined("u1", [meta("9")], after["u1"], is_first=False),
        Updated("u1", [ONE], [meta("8")], after["u1"]),
    ]


@given(strategies.presences)
def test_the_same_state_again_is_no_change(state):
    assert resync_changes(state, state) == []


def test_another_order_of_the_same_metas_is_no_change():
    before, after = {"u1": presence(ONE, TWO)}, {"u1": presence(TWO, ONE)}

    assert resync_changes(before, after) == []


def processor_seconds(count):
    """The least time for a key with so many metas, all of them replaced."""
    before = {"u1": presence(*(meta(f"old {n}") for n in range(count)))}
    after = {"u1": presence(*(meta(f"new {n}") for n in range(count)))}

    def replace_all():
        assert len(resync_changes(before, after)) == 1

    return least_seconds(replace_all)


@pytest.mark.performance
def test_sixteen_times_as_many_metas_of_a_key_take_no_square_of_the_time():
    # 256 times as long would be the square; caches that are full cost some.
    assert processor_seconds(80_000) < 100 * processor_seconds(5_000)


# Both.


@given(strategies.presences, strategies.diffs)
def test_changes_lead_from_before_to_after(before, diff):
    after = sync_diff(before, diff)

    refs = followed(before, changes(before, diff))
    assert refs == {key: set(metas_by_ref(after[key])) for key in after}


@given(strategies.presences, strategies.presences)
def test_changes_of_a_state_lead_from_before_to_after(before, new):
    after = sync_state(before, new)

    refs = followed(before, resync_changes(before, after))
    assert refs == {key: set(metas_by_ref(after[key])) for key in after}


def refs_of(metas):
    return {meta["phx_ref"] for meta in metas}


def followed(before, steps):
    """The refs by key of somebody who knows the beginning and hears the changes."""
    refs = {key: set(metas_by_ref(before[key])) for key in before}
    for step in steps:
        match step:
            case Joined(key, metas, _, is_first):
                assert is_first is (key not in refs)
                refs.setdefault(key, set()).update(refs_of(metas))
            case Updated(key, outdated, metas):
                refs[key] = refs[key] - refs_of(outdated) | refs_of(metas)
            case Left(key, metas, _, is_last):
                refs[key] -= refs_of(metas)
                assert is_last is (not refs[key])
                if is_last:
                    del refs[key]
    return refs


def test_a_change_cannot_be_changed():
    [change] = changes({}, joins(u1=presence(ONE)))

    with pytest.raises(AttributeError):
        change.key = "u2"
    with pytest.raises(TypeError):
        change.metas.append(TWO)
    with pytest.raises(TypeError):
        change.presence["metas"][0]["phx_ref"] = "2"
