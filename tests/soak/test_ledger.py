"""Sums that do not balance and numbers out of sequence are breaches."""

import pytest

from benchmarks.soak.ledger import Ledger, Numbers


@pytest.fixture
def ledger():
    return Ledger()


def test_delivered_and_lost_messages_balance(ledger):
    ledger.settle("a consumer", arrived=10, delivered=7, lost=3)

    assert ledger.breaches == []


@pytest.mark.parametrize(("delivered", "lost"), [(6, 3), (8, 3), (7, 2), (7, 4)])
def test_any_other_sum_is_a_breach(ledger, delivered, lost):
    ledger.settle("a consumer", arrived=10, delivered=delivered, lost=lost)

    assert len(ledger.breaches) == 1


@pytest.mark.parametrize(
    "numbers", [(1, 3), (1, 1), (2, 1, 3)], ids=["left out", "doubled", "out of order"]
)
def test_numbers_out_of_sequence_are_breaches(ledger, numbers):
    of_channel = Numbers(ledger, "room:1")

    for number in numbers:
        of_channel.see({"n": number})

    assert ledger.breaches


def test_a_rejoin_counts_from_one_again(ledger):
    of_channel = Numbers(ledger, "room:1")

    of_channel.see({"n": 1})
    of_channel.restart()
    of_channel.see({"n": 1})

    assert ledger.breaches == []
    assert of_channel.seen == 2
