"""What a change of the presences means: who came, who went, who is another now.

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
    """Somebody came, or came in one more place.

    Attributes:
        key: Who.
        metas: The metas that came.
        presence: All there is of the key now.
        is_first: Whether the key was nowhere before.
    """

    key: str
    metas: Sequence[Meta]
    presence: Mapping[str, Any]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody went, or went from one of several places.

    Attributes:
        key: Who.
        metas: The metas that went.
        presence: What is left of the key; its metas are empty if it is gone.
        is_last: Whether the key is nowhere any more.
    """

    key: str
    metas: Sequence[Meta]
    presence: Mapping[str, Any]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Updated:
    """What is known of somebody changed; nobody came or went.

    Attributes:
        key: Who.
        before: The metas that were replaced.
        metas: The metas that replace them, in the same order. Both are empty if only
            what stands beside the metas changed.
        presence: All there is of the key now.
    """

    key: str
    before: Sequence[Meta]
    metas: Sequence[Meta]
    presence: Mapping[str, Any]


Change = Joined | Left | Updated
"""Any of the values above."""

NOBODY: FrozenDict[str, Any] = freeze({"metas": []})


def changes(before: Presences, diff: Diff) -> list[Change]:
    """What a ``presence_diff`` means: who came, who went, and who is another now.

    Args:
        before: The presences that the diff changes.
        diff: What the server sent.

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
    # Nobody else is concerned, and there may be many.
    after = sync_diff({key: before[key] for key in keys if key in before}, diff)
    return list(_changes(keys, before, after, _is_update))


def resync_changes(before: Presences, after: Presences) -> list[Change]:
    """What a ``presence_state`` means that is not the first.

    Whoever is there before and after was there all the time: a server that counts
    anew, and our own return, are updates and no comings and goings.

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
        old, new = before.get(key, NOBODY), after.get(key, NOBODY)
        replaced, came, went = _compare(
            metas_by_ref(old), metas_by_ref(new), may_replace
        )
        if came:
            yield Joined(key, FrozenList(came), new, is_first=key not in before)
        if replaced or not (came or went or _extras(old) == _extras(new)):
            outdated = FrozenList(pair[0] for pair in replaced)
            current = FrozenList(pair[1] for pair in replaced)
            yield Updated(key, outdated, current, new)
        if went:
            rest = new if key in after else with_metas(old, [])
            yield Left(key, FrozenList(went), rest, is_last=key not in after)


def _compare(
    old: Mapping[Any, Meta],
    new: Mapping[Any, Meta],
    may_replace: Callable[[Meta], bool],
) -> tuple[list[tuple[Meta, Meta]], list[Meta], list[Meta]]:
    """The metas of a key that replaced others (in pairs), that came, and that went."""
    replaced = [
        (old[ref], meta) for ref, meta in new.items() if old.get(ref, meta) != meta
    ]
    came = {ref: meta for ref, meta in new.items() if ref not in old}
    went = {ref: meta for ref, meta in old.items() if ref not in new}
    for ref, meta in list(came.items()):
        previous = meta.get("phx_ref_prev")
        if previous is not None and previous in went:
            replaced.append((went.pop(previous), came.pop(ref)))
    # A server may tell two updates as one, from a meta before the previous one.
    for ref, meta in list(came.items()):
        if went and may_replace(meta):
            replaced.append((went.pop(next(iter(went))), came.pop(ref)))
    return replaced, list(came.values()), list(went.values())


def _is_update(meta: Meta) -> bool:
    return "phx_ref_prev" in meta


def _is_any(_: Meta) -> bool:
    return True


def _extras(presence: Mapping[str, Any]) -> dict[str, Any]:
    """What an application's server adds beside the metas."""
    return {name: value for name, value in presence.items() if name != "metas"}
