"""What type checkers infer of pipelines: nothing here runs, it is only read by them."""

from asyncio import Future, Task
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, assert_type

from msgspec import Struct
from reactivex import Observable

from rx_phoenix import Channel, Rejoin
from rx_phoenix.operators import (
    Gap,
    Retry,
    decode_as,
    first_value,
    for_each,
    map_async,
    resume,
    retry_with_backoff,
    share_latest,
    snapshot_then,
    values,
)
from rx_phoenix.policy import Backoff, Reconnect


class Order(Struct):
    """An order."""

    id: int


@dataclass
class Total:
    """A sum of orders."""

    amount: int


class Row(TypedDict):
    """An order as JSON."""

    id: int


def ignore(value: object) -> None:
    """Take anything."""


async def price(order: Order) -> float:
    """Find the price of an order."""
    return float(order.id)


async def history(after: int, before: int | None) -> Iterable[Order]:
    """Fetch what was missed."""
    return [Order(n) for n in range(after + 1, before or after + 2)]


def add(total: Total, order: Order) -> Total:
    """Add an order to a total."""
    return Total(total.amount + order.id)


def identity_of(order: Order) -> int:
    """The place of an order in their order."""
    return order.id


def tell(retry: Retry) -> None:
    """Say that there is a retry."""


def report(gap: Gap[int]) -> None:
    """Say that there is a gap."""
    assert_type(gap.last, int)


def of_channels(channel: Channel) -> None:
    """A channel's streams."""
    assert_type(channel.events("order"), Observable[Any])
    assert_type(channel.events("order", as_type=Order), Observable[Order])
    assert_type(channel.events("order", as_type=Row), Observable[Row])
    assert_type(channel.stream("order", as_type=Total), Observable[Total])


def of_types_that_are_not_classes(channel: Channel, payloads: Observable[Any]) -> None:
    """Unions and the like, of which nothing better can be said."""
    assert_type(channel.events("order", as_type=Order | None), Observable[Any])
    assert_type(channel.stream("order", as_type=Literal["a", "b"]), Observable[Any])
    assert_type(
        channel.events("order", as_type=Annotated[Order | Total, "by its fields"]),
        Observable[Any],
    )
    assert_type(payloads.pipe(decode_as(Order | Total)), Observable[Any])


def of_operators(orders: Observable[Order], totals: Observable[Total]) -> None:
    """The operators."""
    assert_type(orders.pipe(retry_with_backoff(Backoff())), Observable[Order])
    assert_type(
        orders.pipe(retry_with_backoff(Reconnect(), on_retry=tell)), Observable[Order]
    )
    assert_type(orders.pipe(retry_with_backoff(Rejoin())), Observable[Order])
    assert_type(orders.pipe(retry_with_backoff(float, reset=5)), Observable[Order])
    assert_type(orders.pipe(share_latest(0.5)), Observable[Order])
    assert_type(orders.pipe(map_async(price)), Observable[float])
    assert_type(orders.pipe(map_async(price, strategy="switch")), Observable[float])
    assert_type(totals.pipe(snapshot_then(orders, add)), Observable[Total])


def of_decoding(payloads: Observable[Any]) -> None:
    """Payloads as values."""
    assert_type(payloads.pipe(decode_as(Order)), Observable[Order])
    assert_type(payloads.pipe(decode_as(Total)), Observable[Total])
    assert_type(payloads.pipe(decode_as(Row)), Observable[Row])
    assert_type(payloads.pipe(decode_as(list[Order])), Observable[list[Order]])


def of_chains(payloads: Observable[Any], orders: Observable[Order]) -> None:
    """Several operators at once."""
    assert_type(
        payloads.pipe(
            retry_with_backoff(Backoff()),
            decode_as(Total),
            snapshot_then(orders, add),
            share_latest(),
        ),
        Observable[Total],
    )


def of_resume(channel: Channel) -> None:
    """Events that go on where they stopped."""
    assert_type(
        resume(
            channel,
            "order",
            cursor=identity_of,
            param="since",
            as_type=Order,
            backfill=history,
            on_gap=report,
        ),
        Observable[Order],
    )
    assert_type(
        resume(channel, "row", cursor=lambda row: row["id"], param="since"),
        Observable[Any],
    )
    assert_type(
        resume(
            channel, "order", cursor=lambda order: order.id, param="n", as_type=Order
        ),
        Observable[Order],
    )
    resume(channel, "x", cursor=lambda x: x.id, param="n", as_type=Order | Total)


async def of_awaiting(orders: Observable[Order]) -> None:
    """What is awaited, and what is looped over."""
    assert_type(first_value(orders, timeout=1), Future[Order])
    assert_type(await first_value(orders, timeout=None), Order)
    assert_type(for_each(orders, ignore), Task[None])
    assert_type(for_each(orders, price, strategy="merge"), Task[None])
    async with values(orders, maxsize=10, overflow="latest") as items:
        async for item in items:
            assert_type(item, Order)


def of_blocks(orders: Observable[Order]) -> AbstractAsyncContextManager[object]:
    """A block before it is entered."""
    return values(orders)
