"""Replies of any shape, with pushes, joins and leaves in flight: each ends once."""

import json
import os
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rx_phoenix import ProtocolError, Socket
from rx_phoenix.errors import RxPhoenixError
from rx_phoenix.testing import FakeTransport, VirtualScheduler
from tests.simulation.test_hostile_server import frame_of

FRAMES = max(100_000, 100 * int(os.environ.get("RX_PHOENIX_SEEDS", "0")))
"""Also in each run of CI; the nightly run has more."""

PARTS = 5
"""Lives among which the frames are divided, so that workers share them."""

DEEPEST = 1_000
"""More levels than the decoder takes."""


class Lives:
    """A socket whose pushes, joins and leaves are counted by their ends."""

    def __init__(self):
        self.time = VirtualScheduler()
        self.transport = FakeTransport()
        self.socket = Socket(
            "ws://h/socket",
            transport=self.transport,
            scheduler=self.time,
            heartbeat=None,
        )
        self.problems = []
        self.malformed = []
        self.ends = {}
        self.socket.unhandled.subscribe(self.problems.append)
        self.socket.lifecycle.subscribe(
            lambda event: (
                isinstance(event, ProtocolError) and self.malformed.append(event)
            )
        )
        self.socket.connect()
        self.connection = self.transport.attempts[0].open()
        self.room = self.socket.channel("room:1")

    def watch(self, push):
        ends = self.ends.setdefault(push, [])
        if not ends:
            push.on_settled(ends.append)
            for status in ("ok", "error"):
                push.receive(status, lambda _: None)
            push.mark_seen()
        return push

    def reply(self, ref, join_ref, reply):
        self.connection.receive(f'["{join_ref}","{ref}","room:1","phx_reply",{reply}]')

    def join(self):
        push = self.watch(self.room.join())
        self.reply(push.ref, push.ref, '{"status":"ok","response":{}}')

    def finish(self):
        self.socket.aclose()
        self.time.advance_by(5)
        assert [push for push, ends in self.ends.items() if len(ends) != 1] == []
        assert [str(timer) for timer in self.time.pending] == []


@pytest.fixture
def lives():
    lives = Lives()
    yield lives
    lives.finish()


def nested(depth, opening, closing):
    return f"{opening * depth}1{closing * depth}"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(json.dumps)
DEEP = st.builds(
    nested,
    st.integers(1, DEEPEST),
    st.sampled_from(["[", '{"a":', '[0,{"reason":[']),
    st.just(""),
).map(lambda text: text + closing_of(text))
STATUSES = st.sampled_from(["ok", "error", "timeout", "", "odd"]) | st.text()


def closing_of(text):
    pairs = {"[": "]", "{": "}"}
    return "".join(pairs[mark] for mark in reversed(text) if mark in pairs)


@pytest.mark.parametrize("kind", ["push", "join", "leave"])
@given(status=STATUSES, response=VALUES | DEEP)
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
def test_whatever_a_reply_looks_like_its_push_ends_exactly_once(kind, status, response):
    lives = Lives()
    if kind != "join":
        lives.join()
    make = {
        "push": lambda: lives.room.push("x"),
        "join": lives.room.join,
        "leave": lives.room.leave,
    }[kind]
    push = lives.watch(make())
    join_ref = push.ref if kind == "join" else lives.room.join_ref
    reply = f'{{"status":{json.dumps(status)},"response":{response}}}'
    lives.reply(push.ref, join_ref, reply)
    if not lives.malformed:
        assert lives.ends[push] == [status]
    assert lives.socket.state == "open"
    assert lives.problems == []
    lives.finish()


def act(lives, chance):
    """Do what a program does, in whatever state its channel is."""
    kind = chance.random()
    if kind < 0.6 and lives.room.is_wanted:
        lives.watch(lives.room.push("x", timeout=5))
    elif kind < 0.9:
        lives.watch(lives.room.join())
    else:
        lives.watch(lives.room.leave(timeout=2))


def answer(lives, chance, pieces):
    """Answer something in flight, or something that never was."""
    open_pushes = [push for push, ends in lives.ends.items() if not ends]
    for push in [push for push, ends in lives.ends.items() if ends]:
        assert len(lives.ends.pop(push)) == 1
    known = [push.ref for push in open_pushes if push.ref] or ["99"]
    status = json.dumps(chance.choice(["ok", "error", "odd"]))
    reply = f'{{"status":{status},"response":{chance.choice(pieces)}}}'
    join_ref = chance.choice([lives.room.join_ref or "1", "1", chance.choice(known)])
    lives.reply(chance.choice(known), join_ref, reply)


@pytest.mark.parametrize("seed", range(PARTS))
def test_among_hostile_frames_everything_in_flight_ends_exactly_once(lives, seed):
    chance = Random(seed)
    pieces = [
        "{}",
        "null",
        '{"reason":"unmatched topic"}',
        nested(520, "[", "]"),
        nested(900, '{"a":', "}"),
        json.dumps("a" * 5000),
        "1e308",
    ]
    lives.join()
    for number in range(FRAMES // PARTS):
        if number % 7 == 0:
            act(lives, chance)
        if number % 5 == 0:
            answer(lives, chance, pieces)
        else:
            lives.connection.receive(frame_of(chance))
        if number % 50 == 0:
            lives.time.advance_by(1)

    assert lives.socket.state == "open"
    assert all(isinstance(error, RxPhoenixError) for error in lives.problems)
    assert lives.problems == []
