"""Each event once and in order, or told: whatever a server does."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import settings

from rx_phoenix.errors import ConnectionLost
from rx_phoenix.operators import resume
from rx_phoenix.testing import VirtualScheduler
from tests.operators.feed import Feed
from tests.operators.recording_observer import Failure

SERVERS = 40 * settings().max_examples
"""In the full run, 2,000."""

CHUNK = SERVERS // 8
BACKFILLS = "none", "complete", "paged", "empty", "failing", "stuck"


@dataclass
class Server:
    """A server that does what its seed says, and the client that listens to it.

    With opaque cursors a client has to trust it within a join, so that it loses nothing
    there, and its backfill is complete as far as it answers.
    """

    seed: int
    random: Random = field(init=False)
    happened: list = field(default_factory=list)
    delayed: list = field(default_factory=list)
    emitted: list = field(default_factory=list)
    late: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    number: int = 0
    resets: int = 0
    is_joined: bool = True

    def __post_init__(self):
        draw = self.random = Random(self.seed)
        self.is_opaque = draw.random() < 0.4
        kinds = [kind for kind in BACKFILLS if not self.is_opaque or kind != "empty"]
        self.backfill_kind = draw.choice(kinds)
        self.page = draw.randint(1, 4) if self.backfill_kind == "paged" else 1000
        self.replays = draw.choice([0, 2, 1000])
        self.maxsize = draw.choice([2, 5, 1000])
        self.latency = draw.choice([0.0, 0.3, 2.5])
        self.time = VirtualScheduler()
        self.feed = Feed()
        since = self.cursor(3) if draw.random() < 0.3 else None
        self.begin = 3 if since is not None else None
        if since is not None:
            self.happened = [self.event(n) for n in range(1, 8)]
            self.number = 7
        stream = resume(
            self.feed,
            "news",
            cursor=lambda event: event["id"],
            param="since",
            since=since,
            backfill=None if self.backfill_kind == "none" else self.backfill,
            on_gap=self.gaps.append,
            on_late=self.late.append,
            maxsize=self.maxsize,
            timeout=5.0,
            scheduler=self.time,
        )
        self.subscription = stream.subscribe(self.emitted.append)

    def cursor(self, number):
        return f"{number:06}" if self.is_opaque else number

    def event(self, number, twin=0):
        return {"id": self.cursor(number), "twin": twin}

    async def backfill(self, after, before):
        resets = self.resets
        await asyncio.sleep(self.latency)
        if self.resets > resets:
            raise ConnectionLost(1006)
        if self.backfill_kind == "failing" and self.random.random() < 0.5:
            raise Failure("the archive is down")
        if self.backfill_kind == "stuck" and self.random.random() < 0.3:
            await asyncio.sleep(100)
        if self.backfill_kind == "empty":
            return []
        found = [
            event
            for event in sorted(self.happened, key=lambda event: event["id"])
            if after < event["id"] and (before is None or event["id"] < before)
        ]
        return found[: self.page]

    def happen(self):
        """Have something happen, and send it in one way or another."""
        self.number += 1
        event = self.event(self.number)
        is_lost_for_ever = not self.is_opaque and self.random.random() < 0.05
        if not is_lost_for_ever:
            self.happened.append(event)
        if not self.is_joined:
            return
        way = self.random.choices(
            ["sent", "lost", "delayed", "doubled", "twin"], [20, 2, 2, 2, 1]
        )[0]
        match way:
            case "lost" if not self.is_opaque:
                pass
            case "delayed":
                self.delayed.append(event)
            case "doubled":
                self.send(event)
                self.send(event)
            case "twin":
                self.send(event)
                self.send(self.event(self.number, twin=1))
            case _:
                self.send(event)

    def send(self, event):
        if self.begin is None:
            self.begin = self.number - 1
        self.feed.emit(event)

    def send_delayed(self):
        self.random.shuffle(self.delayed)
        while self.delayed:
            self.send(self.delayed.pop())

    def reset(self):
        if self.is_joined and self.is_opaque:
            self.send_delayed()
        self.delayed.clear()
        self.is_joined = False
        self.resets += 1
        self.feed.state = "errored"

    def rejoin(self):
        self.is_joined = True
        self.feed.state = "joined"
        since = self.feed.rejoin().get("since")
        if since is not None and self.replays:
            missed = [event for event in self.happened if not event["id"] < since]
            self.feed.emit(*missed[: self.replays])

    def run(self):
        draw = self.random
        self.rejoin()
        for _ in range(draw.randint(5, 25)):
            actions = [self.happen, self.send_delayed, self.reset]
            draw.choices(actions, [8, 1, 1])[0]()
            if not self.is_joined and draw.random() < 0.5:
                self.rejoin()
            self.time.advance_by(draw.choice([0.0, 0.0, 0.1, 1.0, 7.0]))
        self.settle()

    def settle(self):
        """End in peace: a last event shows each hole that is left."""
        if self.is_joined:
            self.send_delayed()
        else:
            self.rejoin()
        self.time.advance_by(1000)
        self.number += 1
        self.happened.append(self.event(self.number))
        self.send(self.happened[-1])
        self.time.advance_by(1000)
        self.subscription.dispose()

    def is_told(self, event):
        cursor = event["id"]
        return event in self.late or any(
            gap.last < cursor and (gap.first is None or cursor < gap.first)
            for gap in self.gaps
        )

    def untold(self):
        """The events that were neither emitted nor told."""
        if self.is_opaque and self.backfill_kind == "none":
            return []
        begin = self.cursor(self.begin)
        return [
            event
            for event in self.happened
            if begin < event["id"]
            and event not in self.emitted
            and not self.is_told(event)
        ]


@pytest.mark.parametrize("first", range(0, SERVERS, CHUNK))
def test_every_event_comes_once_and_in_order_or_is_told(first):
    for seed in range(first, first + CHUNK):
        server = Server(seed)
        server.run()
        cursors = [event["id"] for event in server.emitted]

        assert cursors == sorted(set(cursors)), f"order, with seed {seed}"
        assert server.untold() == [], f"lost without a word, with seed {seed}"
        assert server.feed.reported == [], f"reported, with seed {seed}"
        assert server.time.pending == (), f"left behind, with seed {seed}"


def test_the_servers_differ():
    servers = [Server(seed) for seed in range(200)]
    for server in servers:
        server.run()

    assert {server.backfill_kind for server in servers} == {*BACKFILLS}
    assert sum(bool(server.gaps) for server in servers) > 20
    assert sum(bool(server.late) for server in servers) > 20
