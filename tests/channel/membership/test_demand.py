"""Who wants to be in a channel, in any order of what may happen."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rx_phoenix import ConnectError
from tests.conformance.harness import TOPIC, Harness
from tests.model import Server

KINDS = ("joined", "stream", "session")


def is_live(attempt):
    """Whether it may lead to a connection, or did, which we did not close."""
    is_closed = attempt.connection is not None and attempt.connection.closed_by_us
    return attempt.is_pending or (attempt.is_open and not is_closed)


class Demand(RuleBasedStateMachine):
    """In the end the channel is joined if and only if somebody wants it to be."""

    @initialize(answers_close=st.booleans())
    def begin(self, answers_close):
        self.stage = Harness(answers_close=answers_close)
        self.server = Server(self.stage)
        self.channel = self.stage.channel(params={"a": 1})
        self.is_standing = False
        self.held = {}
        self.numbers = 0
        self.pushes = []

    # What the client's owner does.

    @rule()
    def join(self):
        self.is_standing = True
        self.keep(self.channel.join())

    @rule()
    def leave(self):
        self.is_standing = False
        self.keep(self.channel.leave())

    @rule(kind=st.sampled_from(KINDS))
    def take(self, kind):
        self.numbers += 1
        name = f"{kind} {self.numbers}"

        def end(*_):
            self.held.pop(name, None)
            self.hear("lease's end")

        self.held[name] = None
        stream = self.channel.stream() if kind == "stream" else self.channel
        source = stream if kind == "stream" else getattr(stream, kind)
        subscription = source.subscribe(lambda _: self.hear("lease"), end, end)
        if name in self.held:
            self.held[name] = subscription

    def hear(self, place):
        """Something was told, at one of the places where one may listen."""

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data):
        name = data.draw(st.sampled_from(sorted(self.held)))
        self.held.pop(name).dispose()

    @precondition(lambda self: self.is_wanted)
    @rule()
    def push(self):
        self.numbers += 1
        self.keep(self.channel.push("shout", {"n": self.numbers}))

    def keep(self, push):
        if push not in self.pushes:
            self.pushes.append(push)
            self.watch(push)

    def watch(self, push):
        push.mark_seen()

    @rule()
    def connect(self):
        self.stage.socket.connect().subscribe(None, lambda _: None)

    @rule()
    def disconnect(self):
        self.stage.socket.disconnect()

    @rule()
    def reconnect_now(self):
        self.stage.socket.reconnect_now()

    @rule(seconds=st.sampled_from([0, 0.5, 1, 3, 11]))
    def wait(self, seconds):
        self.stage.wait(seconds)

    # What happens to it.

    @rule()
    def open(self):
        self.server.open()

    @rule(status=st.sampled_from([None, 503, 404]))
    def fail(self, status):
        self.server.fail(ConnectError("refused", status=status))

    @rule(code=st.sampled_from([1000, 1006, 1008, 1012]))
    def lose(self, code):
        self.server.lose(code)

    @rule(refuse=st.booleans())
    def answer(self, refuse):
        self.server.step(refuse=refuse)

    @rule()
    def catch_up(self):
        self.server.catch_up()

    @rule()
    def handle_silently(self):
        self.server.step(answer=False)

    @rule()
    def crash(self):
        self.server.crash()

    @rule()
    def close(self):
        ends = self.channel.state != "leaving" and self.is_member
        self.is_standing = self.is_standing and not ends
        self.server.close()

    # What holds.

    @property
    def is_wanted(self):
        return self.is_standing or bool(self.held)

    @property
    def is_member(self):
        in_force = self.server.connection and self.server.joined.get(TOPIC)
        return in_force is not None and in_force == self.channel.join_ref

    @invariant()
    def the_client_says_nothing_absurd(self):
        assert self.server.faults == []

    @invariant()
    def there_is_one_connection_at_most(self):
        attempts = self.stage.transport.attempts
        assert sum(map(is_live, attempts)) <= 1

    @invariant()
    def what_nobody_wants_is_left(self):
        assert self.is_wanted or self.channel.state in {"closed", "leaving"}

    def heal(self):
        self.stage.socket.connect()
        for _ in range(30):
            self.server.catch_up()
            self.stage.wait(1)
        self.server.catch_up()

    def teardown(self):
        self.heal()

        assert self.channel.state == ("joined" if self.is_wanted else "closed")
        assert self.is_member == self.is_wanted
        assert self.server.faults == []
        assert all(push.is_settled for push in self.pushes)
        numbers = [payload["n"] for payload in self.server.pushed]
        assert numbers == sorted(set(numbers))
        self.stage.finish()


class WantsInsideCallbacks(Demand):
    """The same, when its owner does what it does inside callbacks of any kind."""

    ACTIONS = (
        "join",
        "leave",
        "take joined",
        "take stream",
        "take session",
        "give back",
        "push",
        "connect",
        "disconnect",
        "reconnect now",
    )
    PLACES = (
        "states",
        "joins",
        "errors",
        "closes",
        "messages",
        "hook",
        "on_close",
        "on_error",
        "on phx_reply",
        "receive ok",
        "receive error",
        "receive timeout",
        "push",
        "lease",
        "lease's end",
        "socket's states",
        "lifecycle",
        "sent",
        "frames",
        "on_message",
    )

    @initialize(answers_close=st.booleans())
    def begin(self, answers_close):
        super().begin(answers_close)
        self.armed = {}
        channel, socket = self.channel, self.stage.socket
        channel.states.subscribe(self.trigger("states"))
        channel.joins.subscribe(self.trigger("joins"))
        channel.errors.subscribe(self.trigger("errors"))
        channel.closes.subscribe(self.trigger("closes"))
        channel.messages.subscribe(self.trigger("messages"))
        channel.on_close(self.trigger("on_close"))
        channel.on_error(self.trigger("on_error"))
        channel.on("phx_reply", self.trigger("on phx_reply"))
        socket.states.subscribe(self.trigger("socket's states"))
        socket.lifecycle.subscribe(self.trigger("lifecycle"))
        socket.sent.subscribe(self.trigger("sent"))
        socket.frames.subscribe(self.trigger("frames"))
        socket.on_message(self.trigger("on_message"))
        hook = self.trigger("hook")

        def on_message(event, payload, ref):
            hook()
            return payload

        channel.on_message = on_message

    @rule(
        armed=st.lists(
            st.tuples(st.sampled_from(PLACES), st.sampled_from(ACTIONS)), min_size=1
        )
    )
    def arm(self, armed):
        for place, action in armed:
            self.armed.setdefault(place, []).append(action)

    def trigger(self, place):
        return lambda *_: self.hear(place)

    def hear(self, place):
        actions = self.armed.get(place)
        match actions.pop(0).split() if actions else ():
            case ["take", kind]:
                self.take(kind)
            case ["give", "back"] if held := [*filter(self.held.get, self.held)]:
                self.held.pop(held[0]).dispose()
            case ["push"] if self.channel.is_wanted:
                self.push()
            case ["reconnect", "now"]:
                self.reconnect_now()
            case ["join" | "leave" | "connect" | "disconnect" as name]:
                getattr(self, name)()

    def heal(self):
        super().heal()
        self.armed.clear()
        super().heal()

    def watch(self, push):
        for status in ("ok", "error", "timeout"):
            push.receive(status, self.trigger(f"receive {status}"))
        push.subscribe(self.trigger("push"), self.trigger("push"))


TestWants = Demand.TestCase
TestWants.settings = settings(stateful_step_count=40)
TestWantsInsideCallbacks = WantsInsideCallbacks.TestCase
TestWantsInsideCallbacks.settings = settings(stateful_step_count=40)
