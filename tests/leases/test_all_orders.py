"""Two subscribers come and go in all orders; server and network do as they like."""

from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from rx_phoenix import ChannelState, Opened
from rx_phoenix.testing import Answers, LaneError, Phx, Says, Timeline

NAMES = st.sampled_from("xy")


class Subscriber:
    """What one subscriber got, and what was due."""

    def __init__(self, kind, recording):
        self.kind = kind
        self.recording = recording
        self.values = []
        self.end = None

    @property
    def got(self):
        recording = self.recording
        end = "error" if recording.error else None
        return recording.values, "completed" if recording.is_completed else end

    @property
    def due(self):
        return self.values, self.end


class Orders(RuleBasedStateMachine):
    """Plays a socket in virtual time, outside of a fixture."""

    def __init__(self):
        super().__init__()
        self.timeline = Timeline()
        self.phx = Phx(self.timeline)
        self.here = {}
        self.gone = []
        self.responses = 0
        with self.running:
            self.prepare()
            self.unhandled = self.phx.record(self.phx.socket.unhandled)

    @property
    def running(self):
        return self.timeline.scheduler.loop.running()

    def prepare(self):
        """What a machine does first."""

    def play(self, lane):
        """Let the server do something; says whether it could."""
        try:
            self.phx.run(server=lane)
        except LaneError:
            self.phx.run(server="-")
            return False
        return True

    def come(self, name, kind, stream):
        """Subscribe, unless there is one of this name."""
        subscriber = Subscriber(kind, self.phx.record(stream))
        self.here[name] = subscriber
        return subscriber

    def go(self, name):
        """Dispose."""
        subscriber = self.here.pop(name)
        subscriber.recording.dispose()
        self.gone.append(subscriber)

    def end(self, how, kinds):
        """Those of some kinds hear of an end."""
        for name, subscriber in tuple(self.here.items()):
            if subscriber.kind in kinds:
                subscriber.end = how
                self.gone.append(self.here.pop(name))

    @invariant()
    def everybody_got_what_was_due_and_nothing_else(self):
        for subscriber in (*self.here.values(), *self.gone):
            assert subscriber.got == subscriber.due

    @invariant()
    def nothing_is_unhandled(self):
        assert self.unhandled.values == []

    def teardown(self):
        with self.running:
            for name in tuple(self.here):
                self.go(name)
            self.phx.wait_for(self.phx.socket.aclose())
            self.timeline.dispose()
        left = [str(timer) for timer in self.timeline.scheduler.pending]
        self.timeline.scheduler.loop.close()
        assert left == []


class Memberships(Orders):
    """Subscribers of ``joined``, ``session`` and ``stream`` of one channel."""

    KINDS = ("joined", "session", "stream")

    def prepare(self):
        self.phx.use(heartbeat=None)
        self.phx.letters(a=Says("new_msg", {"body": "a"}))
        self.channel = self.phx.socket.channel("room:1")
        self.streams = {
            "joined": self.channel.joined,
            "session": self.channel.session,
            "stream": self.channel.stream("new_msg"),
        }
        self.is_standing = False
        self.response = None

    @property
    def state(self):
        return self.channel.state

    @property
    def is_open(self):
        return self.phx.socket.state == "open"

    @initialize(is_connected=st.booleans())
    def connect(self, is_connected):
        with self.running:
            if is_connected:
                self.phx.socket.connect()
                self.play("o")

    @rule(name=NAMES, kind=st.sampled_from(KINDS))
    def one_comes(self, name, kind):
        with self.running:
            if name in self.here:
                return
            is_joined = self.state is ChannelState.JOINED
            subscriber = self.come(name, kind, self.streams[kind])
            if is_joined and kind != "stream":
                subscriber.values.append(self.response)

    @rule(name=NAMES)
    def one_goes(self, name):
        with self.running:
            if name in self.here:
                self.go(name)

    @rule()
    def the_user_joins(self):
        with self.running:
            self.channel.join().mark_seen()
            self.is_standing = True

    @rule()
    def the_user_leaves(self):
        with self.running:
            self.channel.leave().mark_seen()
            self.is_standing = False
            self.end("completed", self.KINDS)

    @rule()
    def the_connection_opens(self):
        with self.running:
            self.play("o")

    @rule()
    def the_connection_is_lost(self):
        with self.running:
            if self.strike("#"):
                self.end("error", {"session"})

    @rule()
    def the_join_is_accepted(self):
        with self.running:
            self.responses += 1
            response = {"n": self.responses}
            self.phx.letters(j=Answers("J", response=response))
            joins = self.phx.record(self.channel.joins)
            self.play("j")
            joins.dispose()
            if joins.values:
                self.response = response
                for subscriber in self.here.values():
                    if subscriber.kind != "stream":
                        subscriber.values.append(response)

    def strike(self, lane):
        """Let the server do something; says whether that ended a join."""
        states = self.phx.record(self.channel.states)
        has_played = self.play(lane)
        states.dispose()
        return has_played and any(
            before in {"joining", "joined"} and after in {"errored", "closed"}
            for before, after in pairwise(states.values)
        )

    @rule()
    def the_join_is_refused(self):
        with self.running:
            if self.strike("r"):
                self.end("error", {"session"})

    @rule()
    def the_channel_crashes(self):
        with self.running:
            if self.strike("E"):
                self.end("error", {"session"})

    @rule()
    def the_server_closes_the_channel(self):
        with self.running:
            if self.strike("C"):
                self.is_standing = False
                self.end("completed", self.KINDS)

    @rule()
    def the_server_answers_a_leave(self):
        with self.running:
            self.play("l")

    @rule()
    def an_event_arrives(self):
        with self.running:
            if self.state is ChannelState.JOINED and self.play("a"):
                for subscriber in self.here.values():
                    if subscriber.kind == "stream":
                        subscriber.values.append({"body": "a"})

    @rule(ticks=st.sampled_from([1, 5, 12]))
    def time_passes(self, ticks):
        with self.running:
            if self.strike("-" * ticks):  # a join got no answer in time
                self.end("error", {"session"})

    @invariant()
    def the_channel_is_what_its_wants_make_it(self):
        is_wanted = self.is_standing or bool(self.here)
        if is_wanted:
            assert self.state is not ChannelState.CLOSED
        else:
            assert self.state in {ChannelState.CLOSED, ChannelState.LEAVING}

    @invariant()
    def who_is_in_no_channel_is_owed_no_connection(self):
        with self.running:
            if self.state is ChannelState.JOINED:
                assert self.is_open


class Connections(Orders):
    """Subscribers of a socket's ``connection``."""

    def prepare(self):
        self.phx.use(heartbeat=None)
        self.is_connecting = False

    @property
    def is_open(self):
        return self.phx.socket.state == "open"

    @rule(name=NAMES)
    def one_comes(self, name):
        with self.running:
            if name not in self.here:
                was_open = self.is_open
                subscriber = self.come(name, "connection", self.phx.socket.connection)
                subscriber.values += [Opened()] * was_open

    @rule(name=NAMES)
    def one_goes(self, name):
        with self.running:
            if name in self.here:
                self.go(name)

    @rule()
    def the_user_connects(self):
        with self.running:
            self.phx.socket.connect()
            self.is_connecting = True

    @rule()
    def the_connection_opens(self):
        with self.running:
            if self.play("o"):
                for subscriber in self.here.values():
                    subscriber.values.append(Opened())

    @rule(letter=st.sampled_from("f#x"))
    def it_fails_or_is_lost(self, letter):
        with self.running:
            self.play(letter)

    @rule(ticks=st.sampled_from([1, 5, 40]))
    def time_passes(self, ticks):
        with self.running:
            self.phx.run(server="-" * ticks)

    @invariant()
    def nobody_is_connected_whom_nobody_wants(self):
        if not self.here and not self.is_connecting:
            assert self.phx.socket.state in {"closing", "closed"}


TestMemberships = Memberships.TestCase
TestConnections = Connections.TestCase
