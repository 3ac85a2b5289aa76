"""Joins, leaves and updates, derived from changes of the presences.

An update is a leave and a join in one diff; the new meta's ``phx_ref_prev`` names the
old one (phoenix ``presence.ex``).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from rx_phoenix._protocol.frozen import FrozenDict, FrozenList, freeze
from rx_phoenix._protocol.presence import (
    Diff,
    Meta,
    Presences,
    Snapshot,
    metas_by_ref,
    sync_concerned,
    with_metas,
)
from rx_phoenix._protocol.sent_secrets import Redacted

__all__ = [
    "Change",
    "Joined",
    "Left",
    "Updated",
    "changes",
    "diff_changes",
    "resync_changes",
]


class Joined(Redacted, frozen=True):
    """A key joined, or is tracked by one more connection.

    Attributes:
        key: The presence's key.
        metas: The metas that joined.
        presence: The whole presence of the key now.
        is_first: True if the key was absent before.
    """

    key: str
    metas: Sequence[Meta]
    presence: Mapping[str, Any]
    is_first: bool


class Left(Redacted, frozen=True):
    """A key left, or is tracked by fewer connections.

    Attributes:
        key: The presence's key.
        metas: The metas that left.
        presence: The rest of the presence; its metas are empty if the key is absent.
        is_last: True if the key is absent now.
    """

    key: str
    metas: Sequence[Meta]
    presence: Mapping[str, Any]
    is_last: bool


class Updated(Redacted, frozen=True):
    """The metadata of a key changed, without a join or a leave.

    Attributes:
        key: The presence's key.
        before: The metas that were replaced.
        metas: The metas that replace them, in the same order. Both are empty if only
            fields beside ``metas`` changed.
        presence: The whole presence of the key now.
    """

    key: str
    before: Sequence[Meta]
    metas: Sequence[Meta]
    presence: Mapping[str, Any]


Change = Joined | Left | Updated
"""Any of the values above."""

Presence = Mapping[str, Any]

Moved = tuple[Sequence[Meta], Sequence[Meta], Sequence[Meta], Sequence[Meta]]
"""The metas of a key that were replaced, those that replaced them, those that joined,
and those that left."""

ABSENT: FrozenDict[str, Any] = freeze({"metas": []})


def changes(before: Presences, diff: Diff) -> list[Change]:
    """Return the joins, leaves and updates of a ``presence_diff``.

    Args:
        before: The presences that the diff changes.
        diff: The server's payload.

    >>> online, away = {"phx_ref": "1"}, {"phx_ref": "2", "phx_ref_prev": "1"}
    >>> [update] = changes(
    ...     {"u1": {"metas": [online]}},
    ...     {"joins": {"u1": {"metas": [away]}}, "leaves": {"u1": {"metas": [online]}}},
    ... )
    >>> type(update).__name__, update.key, update.metas == [away]
    ('Updated', 'u1', True)
    """
    return diff_changes(diff, *sync_concerned(before, diff))


def diff_changes(diff: Diff, before: Snapshot, after: Snapshot) -> list[Change]:
    """Return the changes that a ``presence_diff`` made.

    Args:
        diff: The server's payload.
        before: The presences that it concerns, before it.
        after: The presences that it concerns, after it.
    """
    return _changes([*diff["joins"], *diff["leaves"]], before, after)


def resync_changes(before: Presences, after: Presences) -> list[Change]:
    """Return the joins, leaves and updates of a later ``presence_state``.

    A key that is present before and after never left: new refs, from a restarted
    server or from our own rejoin, are updates, not leaves and joins.

    Args:
        before: The presences so far.
        after: The presences now.
    """
    keys = [*after, *before]
    return _changes(keys, freeze(before), freeze(after), all_replace=True)


def _changes(
    keys: Iterable[str],
    before: Snapshot,
    after: Snapshot,
    *,
    all_replace: bool = False,
) -> list[Change]:
    found: list[Change] = []
    for key in dict.fromkeys(keys):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        if old is new:
            continue
        if old is ABSENT and len(new["metas"]) == 1:
            # A first state has thousands of these.
            found.append(Joined(key, new["metas"], new, is_first=True))
            continue
        compare = _pair if _are_unrelated(old, new) else _compare
        moved = compare(old, new, all_replace=all_replace)
        outdated, current, joined, left = moved
        if joined:
            first = key not in before
            found.append(Joined(key, FrozenList(joined), new, is_first=first))
        if current or not (joined or left or _extras(old) == _extras(new)):
            found.append(Updated(key, FrozenList(outdated), FrozenList(current), new))
        if left:
            last = key not in after
            rest = with_metas(old, []) if last else new
            found.append(Left(key, FrozenList(left), rest, is_last=last))
    return found


def _are_unrelated(old: Presence, new: Presence) -> bool:
    """Return True if no meta has the ref of another, or names the one it replaced."""
    left, joined = old["metas"], new["metas"]
    refs = {meta.get("phx_ref") for meta in chain(left, joined)}
    is_alone = len(refs) == len(left) + len(joined)
    return is_alone and not any("phx_ref_prev" in meta for meta in joined)


def _pair(old: Presence, new: Presence, *, all_replace: bool) -> Moved:
    """Compare the metas of a key that are unrelated: only their order pairs them."""
    left, joined = old["metas"], new["metas"]
    count = min(len(left), len(joined)) if all_replace else 0
    return left[:count], joined[:count], joined[count:], left[count:]


def _compare(
    old_presence: Presence, new_presence: Presence, *, all_replace: bool
) -> Moved:
    """Compare the metas of a key by their refs.

    No tuple is made for each: a key may have any number of metas.
    """
    old, new = metas_by_ref(old_presence), metas_by_ref(new_presence)
    outdated: list[Meta] = []
    current: list[Meta] = []
    if old.keys().isdisjoint(new):
        joined, left = dict(new), dict(old)
    else:
        changed = [ref for ref, meta in new.items() if old.get(ref, meta) != meta]
        outdated += [old[ref] for ref in changed]
        current += [new[ref] for ref in changed]
        joined = {ref: meta for ref, meta in new.items() if ref not in old}
        left = {ref: meta for ref, meta in old.items() if ref not in new}
    updates = [ref for ref, meta in joined.items() if "phx_ref_prev" in meta]
    for ref in updates:
        previous = joined[ref]["phx_ref_prev"]
        if previous is not None and previous in left:
            outdated.append(left.pop(previous))
            current.append(joined.pop(ref))
    # A server may merge two updates, and so leave out the meta between them: then
    # the oldest is the one that was replaced.
    replacing = [*joined] if all_replace else [ref for ref in updates if ref in joined]
    count = min(len(replacing), len(left))
    if count == len(joined) == len(left):
        outdated += left.values()
        current += joined.values()
        return outdated, current, [], []
    for gone, ref in zip([*islice(left, count)], replacing, strict=False):
        outdated.append(left.pop(gone))
        current.append(joined.pop(ref))
    return outdated, current, [*joined.values()], [*left.values()]


def _extras(presence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that an application's server adds beside the metas."""
    return {name: value for name, value in presence.items() if name != "metas"}
