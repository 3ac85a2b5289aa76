"""The pipeline alone: marbles in, marbles out."""

from collections.abc import Callable

from examples.testing_your_client.averages import averages
from rx_phoenix.testing import Expectation, Source

PRICES = {"a": 1.0, "b": 3.0, "c": 10.0, "m": 2.0}


def test_the_mean_of_each_second_is_told(
    cold: Callable[..., Source], expect: Callable[..., Expectation]
) -> None:
    prices = cold("-a--b 1s c-", PRICES)

    expect(averages(prices)).to_be(" 1s m 0.9s c", PRICES)


def test_a_second_without_a_price_is_silent(
    cold: Callable[..., Source], expect: Callable[..., Expectation]
) -> None:
    expect(averages(cold(" 3s -"))).to_be(" 3s ")
