"""Every public call, made inside every callback of a whole life.

A life is played once to count what is heard of it, and then once more for each thing
that is heard: at that moment somebody acts.
"""

import os
import re

import pytest

from rx_phoenix import ConnectionLost, UsageError
from tests.conformance.harness import Harness
from tests.model import Server

TOPICS = ("room:1", "room:2")

ENDED = re.compile(r"was removed|was ended|cannot push")
"""What the caller is told, and nobody else, of what somebody else has ended."""

STRIDE = int(os.environ.get("RX_PHOENIX_STRIDE", "4"))
"""All moments take minutes: each action has one of so many, others the ones between."""


class Life:
    """The life of a socket and of two channels, with something done in its midst.

    Attributes:
        heard: How many things were heard so far.
    """

    def __init__(self, action=None, moment=-1):
        self.heard = 0
        self.action = action
        self.moment = moment
        self.stage = Harness()
        self.socket = self.stage.socket
        self.server = Server(self.stage)
        self.pushes = []
        self.streams = {}
        self.leases = []

    def hear(self, *_):
        self.heard += 1
        if self.heard == self.moment:
            self.attempt(self.action)

    def hook(self, event, payload, ref):
        self.hear()
        return payload

    def listen(self, name, stream):
        self.streams[name] = False

        def end():
            self.streams[name] = True
            self.hear()

        stream.subscribe(self.hear, lambda _: self.hear(), end)

    def keep(self, push):
        self.pushes.append(push)
        for status in ("ok", "error", "timeout"):
            push.receive(status, self.hear)
        push.subscribe(self.hear, self.hear)
        push.outcome.subscribe(self.hear)

    def attempt(self, call):
        """Do something that may have become impossible meanwhile."""
        try:
            call(self)
        except UsageError as error:
            if not ENDED.search(str(error)):
                raise

    @property
    def channel(self):
        return self.socket.channel("room:1")

    def begin(self):
        socket = self.socket
        for name in ("states", "lifecycle", "frames", "sent", "pushes"):
            self.listen(name, getattr(socket, name))
        socket.on_open(self.hear)
        socket.on_close(self.hear)
        socket.on_error(self.hear)
        socket.on_message(self.hear)
        channel = self.channel
        channel.on_message = self.hook
        for name in ("states", "joins", "errors", "closes", "messages"):
            self.listen(f"channel's {name}", getattr(channel, name))
        self.listen("shouts", channel.events("shout"))
        channel.on("shout", self.hear)
        channel.on_close(self.hear)
        channel.on_error(self.hear)

    def lease(self):
        other = self.socket.channel("room:2")
        for stream in (
            other.joined,
            other.session,
            other.stream("shout"),
            self.socket.connection,
        ):
            self.leases.append(stream.subscribe(self.hear, self.hear, self.hear))

    def live(self):
        stage, server = self.stage, self.server
        self.attempt(Life.begin)
        for action in ("take leases", "connect", "join", "push", "push"):
            self.attempt(ACTIONS[action])
        server.fail()
        stage.wait(0.01)
        server.catch_up()
        server.shout()
        self.attempt(ACTIONS["push"])
        server.crash()
        stage.wait(1)
        server.step(refuse=True)
        stage.wait(2)
        server.step(answer=False)
        stage.wait(10)
        server.catch_up()
        stage.wait(5)
        server.catch_up()
        self.attempt(ACTIONS["push"])
        server.lose()
        stage.wait(0.05)
        server.catch_up()
        self.attempt(ACTIONS["leave and join"])
        server.catch_up()
        server.close()
        self.attempt(ACTIONS["join"])
        server.catch_up()
        self.attempt(ACTIONS["disconnect and connect"])
        server.fail(ConnectionLost(1008))
        self.attempt(ACTIONS["connect"])
        server.catch_up()
        self.attempt(ACTIONS["give back leases"])
        server.catch_up()

    def heal(self):
        self.attempt(ACTIONS["connect"])
        for _ in range(25):
            self.server.catch_up()
            self.stage.wait(1)
        self.server.catch_up()

    def check(self):
        """It is joined if it is wanted, and in the end nothing is left of it."""
        assert self.server.faults == []
        assert [push for push in self.pushes if not push.is_settled] == []
        for channel in self.channels:
            assert channel.state == ("joined" if channel.is_wanted else "closed")
            assert (channel.topic in self.server.joined) == channel.is_wanted
        self.stage.finish()
        assert [name for name, ended in self.streams.items() if not ended] == []

    @property
    def channels(self):
        try:
            return [self.socket.channel(topic) for topic in TOPICS]
        except UsageError:
            return []  # the socket was ended


def replace(life):
    channel = life.channel
    life.keep(life.socket.remove(channel))
    life.keep(life.channel.join())


def push(life):
    if life.channel.is_wanted:
        life.keep(life.channel.push("ask"))


def connect(life):
    life.socket.connect().subscribe(None, life.hear)


def disconnect_and_connect(life):
    life.socket.disconnect()
    connect(life)


def leave_and_join(life):
    life.keep(life.channel.leave())
    life.keep(life.channel.join())


def give_back(life):
    for lease in life.leases:
        lease.dispose()


def off(life):
    for event in ("shout", "phx_close", "phx_error", "phx_reply"):
        life.channel.off(event)


ACTIONS = {
    "join": lambda life: life.keep(life.channel.join()),
    "leave": lambda life: life.keep(life.channel.leave()),
    "leave and join": leave_and_join,
    "push": push,
    "take leases": Life.lease,
    "give back leases": give_back,
    "remove": lambda life: life.keep(life.socket.remove(life.channel)),
    "replace": replace,
    "connect": connect,
    "disconnect": lambda life: life.socket.disconnect(),
    "disconnect and connect": disconnect_and_connect,
    "reconnect now": lambda life: life.socket.reconnect_now(),
    "aclose": lambda life: life.socket.aclose(),
    "off": off,
    "lose": lambda life: life.server.lose(),
}


@pytest.fixture(scope="module")
def moments():
    """How many things are heard in a life that nobody interferes with."""
    life = Life()
    life.live()
    life.heal()
    life.check()
    return life.heard


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_whatever_is_done_at_whatever_moment_leaves_a_consistent_state(moments, action):
    first = list(ACTIONS).index(action) % STRIDE
    for moment in range(first + 1, moments + 1, STRIDE):
        life = Life(ACTIONS[action], moment)
        life.live()
        life.heal()
        life.check()
