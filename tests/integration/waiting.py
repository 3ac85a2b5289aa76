"""Wait for what a stream will say: each subscribes at the call, not at the await."""

from asyncio import Future
from typing import Any, TypeVar

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import HeartbeatAnswered, Socket
from rx_phoenix.operators import first_value

__all__ = ["PATIENCE", "changes_of", "first", "first_of", "listing", "until"]

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds until a test fails that waits for something."""


def first(stream: Observable[T]) -> "Future[T]":
    """The next value; of a stream with a current one, that."""
    return first_value(stream, timeout=PATIENCE)


def first_of(stream: Observable[Any], kind: type[T]) -> "Future[T]":
    """The next value of a kind."""
    return first(stream.pipe(ops.filter(lambda value: isinstance(value, kind))))


def until(stream: Observable[T], wanted: T) -> "Future[T]":
    """The next value that equals another."""
    return first(stream.pipe(ops.filter(lambda value: value == wanted)))


def listing(stream: Observable[T]) -> list[T]:
    """A list that grows with the stream."""
    values: list[T] = []
    stream.subscribe(values.append)
    return values


def changes_of(socket: Socket) -> list[object]:
    """A list that grows with the lifecycle, but for answered heartbeats."""
    is_change = ops.filter(lambda event: not isinstance(event, HeartbeatAnswered))
    return listing(socket.lifecycle.pipe(is_change))
