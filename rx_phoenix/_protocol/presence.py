"""Who is there: phoenix.js's presence algorithms, on values that nobody can change.

A presence is ``{"metas": [{"phx_ref": …}, …], …}``, one meta for each place (a tab, a
device) where its key is tracked. A snapshot has all presences by key; a diff has the
presences that joined and left, each with the metas concerned only.

Metas are the same if their ``phx_ref`` is.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rx_phoenix._protocol.frozen import FrozenDict, FrozenList, drop, freeze, put

__all__ = [
    "Diff",
    "Listener",
    "Meta",
    "Presences",
    "Snapshot",
    "metas_by_ref",
    "sync_diff",
    "sync_state",
    "with_metas",
]

Meta = Mapping[str, Any]
"""One place where a key is tracked: ``phx_ref``, and what the server tells of it."""

Presences = Mapping[str, Mapping[str, Any]]
"""Presences by key, as the server sends them."""

Snapshot = FrozenDict[str, FrozenDict[str, Any]]
"""Presences by key that cannot be changed: what equals them is a plain dict."""

Diff = Mapping[str, Presences]
"""``joins`` and ``leaves``, as the server sends them."""

Listener = Callable[[str, Mapping[str, Any] | None, Mapping[str, Any]], object]
"""Told of a key, its present presence, and the presence that joined or left.

The present one is that before a join (None for a newcomer), and that after a leave.
"""


def sync_state(
    current: Presences,
    new: Presences,
    on_join: Listener | None = None,
    on_leave: Listener | None = None,
) -> Snapshot:
    """The presences after a ``presence_state``.

    Unlike phoenix.js it takes what the server says now of metas that stay.

    Args:
        current: The presences so far; they stay as they are.
        new: What the server sent.
        on_join: Told of each key with new metas.
        on_leave: Told of each key with metas that are gone.

    >>> sync_state({}, {"u1": {"metas": [{"phx_ref": "1"}]}})
    {'u1': {'metas': [{'phx_ref': '1'}]}}
    """
    current, new = freeze(current), freeze(new)
    state = sync_diff(current, _difference(current, new), on_join, on_leave)
    return FrozenDict({key: _in_order(new[key], state[key]) for key in state})


def sync_diff(
    state: Presences,
    diff: Diff,
    on_join: Listener | None = None,
    on_leave: Listener | None = None,
) -> Snapshot:
    """The presences after a ``presence_diff``.

    Args:
        state: The presences so far; they stay as they are.
        diff: What the server sent.
        on_join: Told of each key that joined, before any leave.
        on_leave: Told of each key that left, if it was there.

    >>> u1 = {"u1": {"metas": [{"phx_ref": "1"}]}}
    >>> sync_diff({}, {"joins": u1, "leaves": {}})
    {'u1': {'metas': [{'phx_ref': '1'}]}}
    >>> sync_diff(u1, {"joins": {}, "leaves": u1})
    {}
    """
    # There may be many presences: one copy, which nobody has seen yet.
    after: Snapshot = FrozenDict(freeze(state))
    for key, joined in freeze(diff["joins"]).items():
        present = after.get(key)
        kept = [] if present is None else _without(present, joined)
        put(after, key, with_metas(joined, [*kept, *joined["metas"]]))
        if on_join is not None:
            on_join(key, present, joined)
    for key, left in freeze(diff["leaves"]).items():
        if key in after:
            remaining = with_metas(after[key], _without(after[key], left))
            put(after, key, remaining)
            if on_leave is not None:
                on_leave(key, remaining, left)
            if not remaining["metas"]:
                drop(after, key)
    return after


def metas_by_ref(presence: Mapping[str, Any]) -> dict[Any, Meta]:
    """The metas of a presence by their ``phx_ref``."""
    return {meta.get("phx_ref"): meta for meta in presence["metas"]}


def with_metas(
    presence: Mapping[str, Any], metas: Iterable[Meta]
) -> FrozenDict[str, Any]:
    """A presence with other metas."""
    return FrozenDict({**presence, "metas": FrozenList(metas)})


def _difference(current: Presences, new: Presences) -> Diff:
    """The diff that leads from one snapshot to another."""
    joins: dict[str, Any] = {}
    leaves = {key: gone for key, gone in current.items() if key not in new}
    for key, presence in new.items():
        before = current.get(key)
        if before is None:
            joins[key] = presence
            continue
        if came := _without(presence, before):
            joins[key] = with_metas(presence, came)
        if went := _without(before, presence):
            leaves[key] = with_metas(before, went)
    return {"joins": joins, "leaves": leaves}


def _without(
    presence: Mapping[str, Any], other: Mapping[str, Any]
) -> list[FrozenDict[str, Any]]:
    """The metas of a presence that another one does not have."""
    refs = metas_by_ref(other)
    return [meta for meta in presence["metas"] if meta.get("phx_ref") not in refs]


def _in_order(
    presence: Mapping[str, Any], model: Mapping[str, Any]
) -> FrozenDict[str, Any]:
    """A presence with its metas in the order of another that has the same ones."""
    order = {ref: index for index, ref in enumerate(metas_by_ref(model))}
    metas = sorted(presence["metas"], key=lambda meta: order[meta.get("phx_ref")])
    return with_metas(presence, metas)
