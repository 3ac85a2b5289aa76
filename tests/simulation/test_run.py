"""Whole lives in virtual time: nothing breaks, and what would break is noticed."""

import logging
import os

import pytest
from msgspec.structs import replace

from rx_phoenix.attempt import Attempt
from rx_phoenix.backlog import Backlog
from rx_phoenix.channel import Channel
from rx_phoenix.liveness import Liveness
from rx_phoenix.outbox import Outbox
from rx_phoenix.push import Push
from rx_phoenix.rejoining import Rejoining
from rx_phoenix.testing.simulation import Broken, simulate
from rx_phoenix.wire import Wire

SEEDS = int(os.environ.get("RX_PHOENIX_SEEDS", "300"))
SHARE = 50
"""How many seeds one test lives through, so that a failure shows early."""

ENOUGH = 150
"""Within so many seeds a deliberate bug has to show."""


@pytest.fixture(autouse=True)
def quiet():
    """A refused join that nobody looked at is logged; here, that is weather."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("first", range(0, SEEDS, SHARE))
def test_what_has_to_hold_holds_whatever_happens(first):
    for seed in range(first, first + SHARE):
        simulate(seed)


def test_the_same_seed_is_the_same_history():
    assert simulate(7) == simulate(7)


def found(**options):
    """What the simulation finds in a client with a bug."""
    for seed in range(ENOUGH):
        try:
            simulate(seed, **options)
        except Broken as broken:
            return broken
    pytest.fail("the bug went unnoticed")


def test_a_channel_that_never_rejoins_is_found(monkeypatch):
    monkeypatch.setattr(Rejoining, "schedule", lambda _: None)

    assert "did not heal" in found().problem


def test_a_leave_that_is_never_sent_is_found(monkeypatch):
    send = Wire.send

    def send_all_but_leaves(wire, message):
        if message.event != "phx_leave":
            send(wire, message)

    monkeypatch.setattr(Wire, "send", send_all_but_leaves)

    assert "by the server" in found().problem


def test_a_message_of_an_older_join_is_found(monkeypatch):
    receive = Channel.receive

    def receive_whatever_join(channel, message):
        receive(channel, replace(message, join_ref=None))

    monkeypatch.setattr(Channel, "receive", receive_whatever_join)

    assert "older join" in found().problem


def test_an_attempt_that_lives_on_when_abandoned_is_found(monkeypatch):
    monkeypatch.setattr(Attempt, "abandon", lambda *_: None)

    assert found()


def test_a_heartbeat_that_outlives_its_connection_is_found(monkeypatch):
    monkeypatch.setattr(Liveness, "stop", lambda _: None)

    assert found()


def test_a_push_that_never_ends_is_found(monkeypatch):
    monkeypatch.setattr(Push, "expire", lambda _: None)
    monkeypatch.setattr(Outbox, "take_all", lambda *_, **__: [])

    assert "has 0 ends" in found().problem


def test_a_buffer_without_a_bound_is_found(monkeypatch):
    monkeypatch.setattr(Backlog, "admit", lambda *_: True)

    assert "buffers more than" in found(steps=600).problem


def test_messages_out_of_order_are_found(monkeypatch):
    receive = Wire.receive
    held = []

    def receive_in_pairs_backwards(wire, frame):
        held.append(frame)
        if len(held) > 1:
            while held:
                receive(wire, held.pop())

    monkeypatch.setattr(Wire, "receive", receive_in_pairs_backwards)

    assert found()


def test_a_broken_history_is_shown_as_short_as_it_can_be(monkeypatch):
    monkeypatch.setattr(Rejoining, "schedule", lambda _: None)

    broken = found()

    steps = [line for line in broken.timeline if " room:" in line]
    assert len(steps) < 25
    assert f"seed {broken.seed}: " in str(broken)
