"""Joins, leaves and updates, derived from changes of the presences.

An update is a leave and a join in one diff; the new meta's ``phx_ref_prev`` names the
old one (phoenix ``presence.ex``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    return _changes([*diff["joins"], *diff["leaves"]], before, after, _is_update)


def resync_changes(before: Presences, after: Presences) -> list[Change]:
    """Return the joins, leaves and updates of a later ``presence_state``.

    A key that is present before and after never left: new refs, from a restarted
    server or from our own rejoin, are updates, not leaves and joins.

    Args:
        before: The presences so far.
        after: The presences now.
    """
    return _changes([*after, *before], freeze(before), freeze(after), _is_any)


def _changes(
    keys: Iterable[str],
    before: Snapshot,
    after: Snapshot,
    may_replace: Callable[[Meta], bool],
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
        replaced, joined, left = _compare(
            metas_by_ref(old), metas_by_ref(new), may_replace
        )
        if joined:
            first = key not in before
            found.append(Joined(key, FrozenList(joined), new, is_first=first))
        if replaced or not (joined or left or _extras(old) == _extras(new)):
            outdated = FrozenList(pair[0] for pair in replaced)
            current = FrozenList(pair[1] for pair in replaced)
            found.append(Updated(key, outdated, current, new))
        if left:
            last = key not in after
            rest = with_metas(old, []) if last else new
            found.append(Left(key, FrozenList(left), rest, is_last=last))
    return found


def _compare(
    old: Mapping[Any, Meta],
    new: Mapping[Any, Meta],
    may_replace: Callable[[Meta], bool],
) -> tuple[list[tuple[Meta, Meta]], list[Meta], list[Meta]]:
    """Return the metas of a key that replaced others (in pairs), joined, and left."""
    replaced = [
        (old[ref], meta) for ref, meta in new.items() if old.get(ref, meta) != meta
    ]
    joined = {ref: meta for ref, meta in new.items() if ref not in old}
    left = {ref: meta for ref, meta in old.items() if ref not in new}
    if joined and left:
        replaced += _paired(joined, left, may_replace)
    return replaced, list(joined.values()), list(left.values())


def _paired(
    joined: dict[Any, Meta], left: dict[Any, Meta], may_replace: Callable[[Meta], bool]
) -> Iterator[tuple[Meta, Meta]]:
    """Take out and yield the pairs of a meta that left and one that replaces it."""
    for ref, meta in list(joined.items()):
        previous = meta.get("phx_ref_prev")
        if previous is not None and previous in left:
            yield left.pop(previous), joined.pop(ref)
    # A server may merge two updates, and so leave out the meta between them.
    # The oldest is not asked of the dict itself, which would look at all those taken.
    oldest = iter(list(left))
    for ref, meta in list(joined.items()):
        if left and may_replace(meta):
            yield left.pop(next(oldest)), joined.pop(ref)


def _is_update(meta: Meta) -> bool:
    return "phx_ref_prev" in meta


def _is_any(_: Meta) -> bool:
    return True


def _extras(presence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that an application's server adds beside the metas."""
    return {name: value for name, value in presence.items() if name != "metas"}
