"""Who is watching: presence, seen from both sides."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix.channel import Channel
from rx_phoenix.presence import Presence
from rx_phoenix.push import Push

__all__ = ["Watcher", "announcements", "watchers"]


class Watcher(NamedTuple):
    """One dashboard, and how many look at it."""

    key: str
    name: str
    browsers: int


def watchers(channel: Channel) -> Observable[tuple[Watcher, ...]]:
    """Who is watching, by name; it only listens.

    Args:
        channel: A channel whose server tracks presence.
    """

    def subscribe(
        observer: abc.ObserverBase[tuple[Watcher, ...]],
        _: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        presence = Presence(channel)
        states = presence.states.pipe(ops.map(told))
        return CompositeDisposable(
            states.subscribe(observer), Disposable(presence.dispose)
        )

    return Observable(subscribe)


def told(state: Mapping[str, Any]) -> tuple[Watcher, ...]:
    """A state of presence as watchers, by name.

    >>> told({"a": {"metas": [{"name": "Ann", "browsers": 2}]}})
    (Watcher(key='a', name='Ann', browsers=2),)
    """
    found = [
        Watcher(key, str(meta.get("name") or key), _count(meta.get("browsers")))
        for key, presence in state.items()
        for meta in presence["metas"][-1:]
    ]
    return tuple(sorted(found, key=lambda watcher: (watcher.name, watcher.key)))


def announcements(channel: Channel, browsers: Observable[int]) -> Observable[Push]:
    """Tell others how many look at our dashboard, now and after each rejoin.

    Subscribing joins.

    Args:
        channel: A channel whose server tracks presence.
        browsers: How many look at it, the present number first.

    Emits:
        Each push that tells it.
    """
    return reactivex.combine_latest(channel.joined, browsers).pipe(
        ops.starmap(lambda _, count: channel.push("update_meta", {"browsers": count}))
    )


def _count(told: object) -> int:
    return told if isinstance(told, int) else 0
