"""The presence algorithms of phoenix.js, on immutable values.

A presence is ``{"metas": [{"phx_ref": …}, …], …}``, one meta for each connection (a
tab, a device) that tracks its key. A snapshot maps keys to presences; a diff has the
presences that joined and left, each with only the metas that joined or left.

The ``phx_ref`` identifies a meta.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import le
from typing import Any

from rx_phoenix._protocol.frozen import FrozenDict, FrozenList, drop, freeze, put

__all__ = [
    "Diff",
    "Listener",
    "Meta",
    "Presences",
    "Snapshot",
    "metas_by_ref",
    "sync_concerned",
    "sync_diff",
    "sync_state",
    "with_metas",
]

Meta = Mapping[str, Any]
"""One connection that tracks a key: its ``phx_ref``, and the server's metadata."""

Presences = Mapping[str, Mapping[str, Any]]
"""Presences by key, as the server sends them."""

Snapshot = FrozenDict[str, FrozenDict[str, Any]]
"""Immutable presences by key; they compare equal to a plain dict."""

Diff = Mapping[str, Presences]
"""``joins`` and ``leaves``, as the server sends them."""

Listener = Callable[[str, Mapping[str, Any] | None, Mapping[str, Any]], object]
"""Called with a key, its current presence, and the presence that joined or left.

The current one is that before a join (None for a new key), and that after a leave.
"""


def sync_state(
    current: Presences,
    new: Presences,
    on_join: Listener | None = None,
    on_leave: Listener | None = None,
) -> Snapshot:
    """Return the presences after a ``presence_state``.

    Unlike phoenix.js it updates the metas that remain to the server's values.

    Args:
        current: The presences so far; they are not modified.
        new: The server's payload.
        on_join: Called for each key with new metas.
        on_leave: Called for each key with removed metas.

    >>> sync_state({}, {"u1": {"metas": [{"phx_ref": "1"}]}})
    {'u1': {'metas': [{'phx_ref': '1'}]}}
    """
    if on_join is None and on_leave is None:
        return _resynced(current, new)
    return _resynced_for(freeze(current), new, on_join, on_leave)


def _resynced_for(
    current: Snapshot,
    new: Presences,
    on_join: Listener | None,
    on_leave: Listener | None,
) -> Snapshot:
    """Return the presences after a ``presence_state``, and notify the listeners."""
    after = _resynced(current, new)
    leaves = [
        (key, with_metas(gone, []), gone)
        for key, gone in current.items()
        if key not in new
    ]
    for key in new:
        before, now = current.get(key), after.get(key)
        if before is now:
            continue
        came, went = _without(now, before), _without(before, now)
        if on_join is not None and now is not None and (came or before is None):
            on_join(key, before, with_metas(now, came))
        if before is not None and went:
            metas: Sequence[Meta] = before["metas"]
            kept: Sequence[Meta] = (
                [] if went is metas else _without(before, {"metas": went})
            )
            rest = with_metas(now if came and now else before, [*kept, *came])
            leaves.append((key, rest, with_metas(before, went)))
    if on_leave is not None:
        for key, rest, left in leaves:
            on_leave(key, rest, left)
    return after


def _resynced(current: Presences, new: Presences) -> Snapshot:
    """Return the presences after a ``presence_state``, of which no listener is told.

    It looks at each meta a few times only: a state may have hundreds of thousands.
    Of the current presences it freezes those that remain.
    """
    after: FrozenDict[str, Any] = FrozenDict(current)
    for key in current:
        if key not in new:
            drop(after, key)
    for key, presence in new.items():
        before = current.get(key)
        if before is None:
            put(after, key, _frozen(presence))
        elif before == presence:
            put(after, key, freeze(before))
        else:
            now = _frozen(presence)
            if now["metas"] or not before["metas"]:
                put(after, key, _in_order(now, before))
            else:
                drop(after, key)
    return after


def sync_diff(
    state: Presences,
    diff: Diff,
    on_join: Listener | None = None,
    on_leave: Listener | None = None,
) -> Snapshot:
    """Return the presences after a ``presence_diff``.

    Args:
        state: The presences so far; they are not modified.
        diff: The server's payload.
        on_join: Called for each key that joined, before any leave.
        on_leave: Called for each known key that left.

    >>> u1 = {"u1": {"metas": [{"phx_ref": "1"}]}}
    >>> sync_diff({}, {"joins": u1, "leaves": {}})
    {'u1': {'metas': [{'phx_ref': '1'}]}}
    >>> sync_diff(u1, {"joins": {}, "leaves": u1})
    {}
    """
    # A draft until it is returned: one copy, however many keys change.
    after: Snapshot = FrozenDict(freeze(state))
    for key, presence in diff["joins"].items():
        joined, present = _frozen(presence), after.get(key)
        kept = _without(present, joined)
        merged = with_metas(joined, [*kept, *joined["metas"]]) if kept else joined
        put(after, key, merged)
        if on_join is not None:
            on_join(key, present, joined)
    for key, presence in diff["leaves"].items():
        present = after.get(key)
        if present is None:
            continue
        remaining = with_metas(present, _without(present, presence))
        if remaining["metas"]:
            put(after, key, remaining)
        else:
            drop(after, key)
        if on_leave is not None:
            on_leave(key, remaining, _frozen(presence))
    return after


def sync_concerned(state: Presences, diff: Diff) -> tuple[Snapshot, Snapshot]:
    """Return the presences that a ``presence_diff`` concerns, before and after it.

    The others are not looked at, however many there are.

    >>> u1, u2 = ({"metas": [{"phx_ref": ref}]} for ref in "12")
    >>> diff = {"joins": {}, "leaves": {"u1": u1}}
    >>> sync_concerned({"u1": u1, "u2": u2}, diff)
    ({'u1': {'metas': [{'phx_ref': '1'}]}}, {})
    """
    keys = dict.fromkeys([*diff["joins"], *diff["leaves"]])
    before: Snapshot = freeze({key: state[key] for key in keys if key in state})
    return before, sync_diff(before, diff)


def metas_by_ref(presence: Mapping[str, Any]) -> dict[Any, Meta]:
    """Return the metas of a presence by their ``phx_ref``."""
    return {meta.get("phx_ref"): meta for meta in presence["metas"]}


def with_metas(
    presence: Mapping[str, Any], metas: Iterable[Meta]
) -> FrozenDict[str, Any]:
    """Return a presence with its metas replaced."""
    return FrozenDict({**presence, "metas": FrozenList(metas)})


def _frozen(presence: Mapping[str, Any]) -> FrozenDict[str, Any]:
    """Return a presence that cannot be changed.

    Raises:
        AttributeError: A meta is not a mapping.
        LookupError: It has no metas.
        TypeError: It is not a mapping, or a ref cannot be hashed.
    """
    if isinstance(presence, FrozenDict):
        return presence
    metas: FrozenList[Meta] = freeze([*presence["metas"]])
    # One that cannot be hashed is refused here, before anything has changed.
    hash(tuple([meta.get("phx_ref") for meta in metas]))
    if len(presence) == 1:
        return FrozenDict(metas=metas)
    return FrozenDict(
        {
            name: metas if name == "metas" else freeze(value)
            for name, value in presence.items()
        }
    )


def _without(
    presence: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> Sequence[Meta]:
    """Return the metas of a presence that another one does not have."""
    if presence is None:
        return []
    metas: Sequence[Meta] = presence["metas"]
    if not metas or other is None:
        return metas
    kept = [meta.get("phx_ref") for meta in metas]
    refs = _refs(other["metas"])
    if refs.isdisjoint(kept):
        return metas
    if refs.issuperset(kept):
        return []
    return [meta for meta in metas if meta.get("phx_ref") not in refs]


def _refs(metas: Iterable[Meta]) -> set[Any]:
    """Return the refs of metas, which must be mappings."""
    return {meta.get("phx_ref") for meta in metas}


def _in_order(
    presence: Mapping[str, Any], model: Mapping[str, Any]
) -> FrozenDict[str, Any]:
    """Return a presence with the metas of another first, in the order of that one."""
    metas = presence["metas"]
    known = [meta.get("phx_ref") for meta in model["metas"]]
    if _refs(metas).isdisjoint(known):
        return FrozenDict(presence)
    refs = [meta.get("phx_ref") for meta in metas]
    # New ones follow in their own order; of equal refs each comes with the first.
    order = {ref: index for index, ref in enumerate(dict.fromkeys([*known, *refs]))}
    places = [order[ref] for ref in refs]
    if all(map(le, places, islice(places, 1, None))):
        return FrozenDict(presence)
    moved = sorted(zip(places, range(len(metas)), strict=True))
    return with_metas(presence, [metas[index] for _, index in moved])
