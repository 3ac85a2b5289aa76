"""The end of an open connection that loses nothing: answers first, then leaves."""

from collections.abc import Callable, Iterable
from typing import Protocol

from reactivex import abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import LEAVE
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._transport.contract import Connection

__all__ = ["leave_after_answers", "leave_kept"]

ANSWER_TIMEOUT = 2.0
"""Seconds that the answers to pushes in flight may take."""

JoinedRefs = list[tuple[str, str]]
"""Topics, each with the ref of its join."""


class Joined(Protocol):
    """A channel, as far as its departure needs it."""

    topic: str

    @property
    def joined_ref(self) -> str | None:
        """The ref of its join if the server has it among its members."""
        ...

    def in_flight(self) -> list[ChannelPush]:
        """Return the pushes that await their answers."""
        ...


def leave_kept(router: Router, connection: Connection | None) -> None:
    """Leave the channels that a server would keep after the connection's close."""
    if getattr(connection, "outlives_close", False):
        leave_all(router, joined_refs(router.registry))


def leave_after_answers(
    router: Router, loop: LoopScheduler, done: Callable[[], None]
) -> abc.DisposableBase:
    """Await the answers to pushes in flight, leave all channels, then call a function.

    What is left is what is joined now, even if its user leaves it meanwhile.
    """
    channels = list(router.registry)
    joined = joined_refs(channels)

    def leave() -> None:
        leave_all(router, joined)
        # A server answers a leave with a close of the channel, which lives on.
        router.stop_delivery()
        done()

    return await_answers(channels, loop, leave)


def joined_refs(channels: Iterable[Joined]) -> JoinedRefs:
    """Return what has to be left."""
    refs = ((channel.topic, channel.joined_ref) for channel in channels)
    return [(topic, ref) for topic, ref in refs if ref is not None]


def leave_all(router: Router, joined: JoinedRefs) -> None:
    """Leave channels without awaiting an answer."""
    for topic, join_ref in joined:
        router.send(Message(join_ref, router.next_ref(), topic, LEAVE, {}))


def await_answers(
    channels: Iterable[Joined], loop: LoopScheduler, done: Callable[[], None]
) -> abc.DisposableBase:
    """Call a function once all pushes in flight have ended, or 2 s have passed."""
    pushes = {push for channel in channels for push in channel.in_flight()}
    waiting = CompositeDisposable()
    if not pushes:
        done()
        return waiting

    def end() -> None:
        waiting.dispose()
        done()

    def settled(push: ChannelPush) -> None:
        pushes.discard(push)
        if not pushes:
            end()

    def watch(push: ChannelPush) -> abc.DisposableBase:
        return push.on_settled(lambda _: settled(push))

    waiting.add(loop.call_later(ANSWER_TIMEOUT, end))
    for push in list(pushes):
        waiting.add(watch(push))
    return waiting
