"""Presence of the viewers: reading it, and announcing our own."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix import Channel, Presence, Push

__all__ = ["Watcher", "announcements", "watchers"]


class Watcher(NamedTuple):
    """One dashboard, with the number of its browsers."""

    key: str
    name: str
    browsers: int


def watchers(channel: Channel) -> Observable[tuple[Watcher, ...]]:
    """List the viewers by name; does not join the channel.

    Args:
        channel: A channel whose server tracks presence.
    """

    def subscribe(
        observer: abc.ObserverBase[tuple[Watcher, ...]],
        _: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        presence = Presence(channel)
        states = presence.states.pipe(ops.map(watchers_of))
        return CompositeDisposable(
            states.subscribe(observer), Disposable(presence.dispose)
        )

    return Observable(subscribe)


def watchers_of(state: Mapping[str, Any]) -> tuple[Watcher, ...]:
    """Convert a state of presence to watchers, sorted by name.

    >>> watchers_of({"a": {"metas": [{"name": "Ann", "browsers": 2}]}})
    (Watcher(key='a', name='Ann', browsers=2),)
    """
    found = [
        Watcher(key, str(meta.get("name") or key), _count(meta.get("browsers")))
        for key, presence in state.items()
        for meta in presence["metas"][-1:]
    ]
    return tuple(sorted(found, key=lambda watcher: (watcher.name, watcher.key)))


def announcements(channel: Channel, browsers: Observable[int]) -> Observable[Push]:
    """Announce the number of our browsers, now and after each rejoin.

    Subscribing joins.

    Args:
        channel: A channel whose server tracks presence.
        browsers: The number of browsers, the current one first.

    Emits:
        Each push.
    """
    return reactivex.combine_latest(channel.joined, browsers).pipe(
        ops.starmap(lambda _, count: channel.push("update_meta", {"browsers": count}))
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
