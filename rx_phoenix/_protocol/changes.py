"""Joins, leaves and updates, derived from changes of the presences.

An update is a leave and a join in one diff; the new meta's ``phx_ref_prev`` names the
old one (phoenix ``presence.ex``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rx_phoenix._protocol.frozen import FrozenDict, FrozenList, freeze
from rx_phoenix._protocol.presence import (
    Diff,
    Meta,
    Presences,
    metas_by_ref,
    sync_diff,
    with_metas,
)

__all__ = ["Change", "Joined", "Left", "Updated", "changes", "resync_changes"]


@dataclass(frozen=True, slots=True)
class Joined:
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


@dataclass(frozen=True, slots=True)
class Left:
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


@dataclass(frozen=True, slots=True)
class Updated:
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
    before, diff = freeze(before), freeze(diff)
    keys = [*diff["joins"], *diff["leaves"]]
    # Only the keys of the diff: there may be many others.
    after = sync_diff({key: before[key] for key in keys if key in before}, diff)
    return list(_changes(keys, before, after, _is_update))


def resync_changes(before: Presences, after: Presences) -> list[Change]:
    """Return the joins, leaves and updates of a later ``presence_state``.

    A key that is present before and after never left: new refs, from a restarted
    server or from our own rejoin, are updates, not leaves and joins.

    Args:
        before: The presences so far.
        after: The presences now.
    """
    before, after = freeze(before), freeze(after)
    return list(_changes([*after, *before], before, after, _is_any))


def _changes(
    keys: Iterable[str],
    before: Presences,
    after: Presences,
    may_replace: Callable[[Meta], bool],
) -> Iterator[Change]:
    for key in dict.fromkeys(keys):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        replaced, joined, left = _compare(
            metas_by_ref(old), metas_by_ref(new), may_replace
        )
        if joined:
            yield Joined(key, FrozenList(joined), new, is_first=key not in before)
        if replaced or not (joined or left or _extras(old) == _extras(new)):
            outdated = FrozenList(pair[0] for pair in replaced)
            current = FrozenList(pair[1] for pair in replaced)
            yield Updated(key, outdated, current, new)
        if left:
            rest = new if key in after else with_metas(old, [])
            yield Left(key, FrozenList(left), rest, is_last=key not in after)


def _compare(
    old: Mapping[Any, Meta],
    new: Mapping[Any, Meta],
    may_replace: Callable[[Meta], bool],
) -> tuple[list[tuple[Meta, Meta]], list[Meta], list[Meta]]:
    """Return the metas of a key that were replaced (in pairs), joined, and left."""
    replaced = [
        (old[ref], meta) for ref, meta in new.items() if old.get(ref, meta) != meta
    ]
    joined = {ref: meta for ref, meta in new.items() if ref not in old}
    left = {ref: meta for ref, meta in old.items() if ref not in new}
    for ref, meta in list(joined.items()):
        previous = meta.get("phx_ref_prev")
        if previous is not None and previous in left:
            replaced.append((left.pop(previous), joined.pop(ref)))
    # A server may merge two updates into one, whose `phx_ref_prev` we never saw.
    for ref, meta in list(joined.items()):
        if left and may_replace(meta):
            replaced.append((left.pop(next(iter(left))), joined.pop(ref)))
    return replaced, list(joined.values()), list(left.values())


def _is_update(meta: Meta) -> bool:
    return "phx_ref_prev" in meta


def _is_any(_: Meta) -> bool:
    return True


def _extras(presence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that an application's server adds beside the metas."""
    return {name: value for name, value in presence.items() if name != "metas"}
