"""The presence algorithms of phoenix.js, on immutable values.

A presence is ``{"metas": [{"phx_ref": …}, …], …}``, one meta for each connection (a
tab, a device) that tracks its key. A snapshot maps keys to presences; a diff has the
presences that joined and left, each with only the metas that joined or left.

The ``phx_ref`` identifies a meta.
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
    current, new = freeze(current), freeze(new)
    state = sync_diff(current, _difference(current, new), on_join, on_leave)
    return FrozenDict({key: _in_order(new[key], state[key]) for key in state})


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
    # Copied once, because there may be many; the copy is mutable until returned.
    after: Snapshot = FrozenDict(freeze(state))
    for key, joined in freeze(diff["joins"]).items():
        current = after.get(key)
        unchanged = [] if current is None else _without(current, joined)
        put(after, key, with_metas(joined, [*unchanged, *joined["metas"]]))
        if on_join is not None:
            on_join(key, current, joined)
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
    """Return the metas of a presence by their ``phx_ref``."""
    return {meta.get("phx_ref"): meta for meta in presence["metas"]}


def with_metas(
    presence: Mapping[str, Any], metas: Iterable[Meta]
) -> FrozenDict[str, Any]:
    """Return a presence with its metas replaced."""
    return FrozenDict({**presence, "metas": FrozenList(metas)})


def _difference(current: Presences, new: Presences) -> Diff:
    """Return the diff between two snapshots."""
    joins: dict[str, Any] = {}
    leaves = {key: left for key, left in current.items() if key not in new}
    for key, presence in new.items():
        before = current.get(key)
        if before is None:
            joins[key] = presence
            continue
        if joined := _without(presence, before):
            joins[key] = with_metas(presence, joined)
        if left := _without(before, presence):
            leaves[key] = with_metas(before, left)
    return {"joins": joins, "leaves": leaves}


def _without(
    presence: Mapping[str, Any], other: Mapping[str, Any]
) -> list[FrozenDict[str, Any]]:
    """Return the metas of a presence that another one does not have."""
    refs = metas_by_ref(other)
    return [meta for meta in presence["metas"] if meta.get("phx_ref") not in refs]


def _in_order(
    presence: Mapping[str, Any], model: Mapping[str, Any]
) -> FrozenDict[str, Any]:
    """Return a presence with its metas in the order of another with the same ones."""
    order = {ref: index for index, ref in enumerate(metas_by_ref(model))}
    metas = sorted(presence["metas"], key=lambda meta: order[meta.get("phx_ref")])
    return with_metas(presence, metas)
