"""Secrets in whatever a server repeats: on another topic, later, and in every repr."""

import gc
from enum import Enum

import pytest

from rx_phoenix import (
    Closed,
    Message,
    Presence,
    PushError,
    PushRefused,
    Reconnect,
    Reply,
    Socket,
)
from rx_phoenix._protocol.sent_secrets import KEPT, SentSecrets, hidden, shown
from rx_phoenix.testing import FakeTransport, VirtualScheduler


class Peer:
    """A socket, and its server by hand."""

    def __init__(self, **options):
        self.clock, self.transport = VirtualScheduler(), FakeTransport()
        self.socket = Socket(
            "ws://host/socket?key=Qu3ry-0001",
            transport=self.transport,
            scheduler=self.clock,
            heartbeat=None,
            reconnect=Reconnect(lambda _: 1.0),
            **options,
        )
        self.events = []
        self.socket.lifecycle.subscribe(self.events.append)
        self.socket.connect()
        self.transport.attempt.open()

    def join(self, topic, params=None):
        channel = self.socket.channel(topic, params)
        channel.join()
        self.answer("ok", {})
        return channel

    def answer(self, status, response):
        sent = self.transport.connection.messages[-1]
        payload = {"status": status, "response": response}
        self.receive(sent.join_ref, sent.ref, sent.topic, "phx_reply", payload)

    def receive(self, *fields):
        self.transport.connection.receive(Message(*fields))

    def lose(self, code, reason):
        self.transport.connection.end(code, reason)
        self.clock.advance_by(1)
        self.transport.attempt.open()


SENT = {
    "param": "Param-0001",
    "token": "T0ken-0001",
    "header": "Head3r-0001",
    "query": "Qu3ry-0001",
    "join": "J0in-0001",
}
EVERYTHING = " ".join(SENT.values())


class Kind(Enum):
    """The type of a payload, whose error quotes the payload."""

    ONE = "one"


@pytest.fixture
def peer():
    peer = Peer(
        params={"a": SENT["param"]},
        auth_token=SENT["token"],
        headers={"X-A": SENT["header"]},
    )
    yield peer
    peer.socket.aclose()
    peer.clock.advance_by(5)


def secrets_in(*things):
    texts = " ".join(f"{thing!s} {thing!r}" for thing in things)
    return [name for name, secret in SENT.items() if secret in texts]


def test_no_message_shows_what_was_sent_in_any_place(peer):
    messages = []
    peer.socket.frames.subscribe(messages.append)
    peer.socket.sent.subscribe(messages.append)
    peer.join("room:1", {"v": SENT["join"]})
    nested = {"a": [[{EVERYTHING: [EVERYTHING]}]], "b": EVERYTHING.encode()}
    peer.receive(None, None, "room:1", EVERYTHING, nested)
    peer.receive(None, None, "room:other", "said", [EVERYTHING])

    assert len(messages) >= 3
    assert secrets_in(*messages) == []
    assert messages[-2].payload["a"] == nested["a"]


def test_an_outcome_shows_nothing_in_its_status_either(peer):
    room = peer.join("room:1", {"v": SENT["join"]})
    push, errors = room.push("x"), []
    push.subscribe(on_error=errors.append)
    outcomes = []
    push.outcome.subscribe(outcomes.append)
    peer.answer(f"no {EVERYTHING}", {EVERYTHING: EVERYTHING})
    [error], [outcome] = errors, outcomes

    assert isinstance(error, PushRefused)
    assert secrets_in(error, error.args, push, outcome) == []
    assert EVERYTHING in error.status
    assert EVERYTHING in outcome.status


def test_a_refused_join_shows_nothing_in_its_status_either(peer):
    room = peer.socket.channel("room:1", {"v": SENT["join"]})
    errors = []
    room.refusals.subscribe(errors.append)
    room.join()
    peer.answer(EVERYTHING, {"reason": EVERYTHING})
    [error] = errors

    assert secrets_in(error, error.args, room, peer.socket.diagnosis()) == []


def test_the_params_of_a_channel_that_was_left_and_let_go_stay_hidden(peer):
    messages = []
    peer.socket.frames.subscribe(messages.append)
    peer.join("room:1", {"v": SENT["join"]}).leave()
    peer.answer("ok", {})
    gc.collect()
    peer.receive(None, None, "room:other", "said", [EVERYTHING])

    assert secrets_in(messages[-1]) == []


def test_changes_of_a_presence_show_nothing(peer):
    room, changes = peer.socket.channel("room:1", {"v": SENT["join"]}), []
    presence = Presence(room)
    presence.changes.subscribe(changes.append)
    room.join()
    peer.answer("ok", {})
    metas = [{"phx_ref": "1", "token": "any", "note": EVERYTHING}]
    peer.receive("1", None, "room:1", "presence_state", {"jo": {"metas": metas}})
    [joined] = changes

    assert secrets_in(joined) == []
    assert joined.metas == metas


def test_a_malformed_presence_and_a_wrong_payload_show_nothing(peer):
    peer.join("room:0", {"v": SENT["join"]})
    room, errors = peer.join("room:1"), []
    presence = Presence(room)
    peer.socket.unhandled.subscribe(errors.append)
    room.events("n", as_type=int).subscribe()
    room.events("kind", as_type=Kind).subscribe()
    peer.receive(None, None, "room:1", "presence_state", {"jo": {EVERYTHING: 1}})
    peer.receive(None, None, "room:1", "n", SENT["join"])
    for secret in SENT.values():
        peer.receive(None, None, "room:1", "kind", secret)

    assert len(errors) == 2 + len(SENT)
    assert secrets_in(*errors, *(error.__cause__ for error in errors)) == []
    assert presence.state == {}


def test_a_token_that_was_replaced_is_still_one():
    tokens = iter(["0ld-T0ken-1", "N3w-T0ken-2", "N3w-T0ken-3"])
    peer = Peer(auth_token=lambda: next(tokens))
    room, errors = peer.join("room:1"), []
    peer.lose(1006, "")
    room.push("x").subscribe(on_error=errors.append)
    peer.answer("ok", {})
    peer.answer("error", {"reason": "0ld-T0ken-1 expired"})
    peer.lose(4000, "0ld-T0ken-1 and N3w-T0ken-2 expired")

    closes = [event for event in peer.events if isinstance(event, Closed)]
    assert closes[-1].reason == "[redacted] and [redacted] expired"
    assert "T0ken" not in repr([peer.events, errors, peer.socket.diagnosis()])


def test_params_of_an_earlier_join_are_still_secrets():
    params = iter([{"v": "F1rst-0001"}, {"v": "S3cond-0002"}])
    peer = Peer()
    room, errors = peer.join("room:1", lambda: next(params)), []
    peer.lose(1006, "")
    peer.answer("ok", {})
    room.push("x").subscribe(on_error=errors.append)
    peer.answer("error", {"reason": "F1rst-0001 expired, S3cond-0002 has not"})

    [error] = errors
    assert isinstance(error, PushError)
    assert "F1rst" not in str(error)
    assert "S3cond" not in str(error)


def test_a_message_hides_its_secrets_after_the_socket_has_ended(peer):
    messages = []
    peer.socket.sent.subscribe(messages.append)
    peer.join("room:1", {"v": SENT["join"]})
    peer.socket.aclose()
    peer.clock.advance_by(5)

    assert secrets_in(*messages, Reply("ok", [EVERYTHING])) == []


def test_a_value_of_any_depth_and_size_has_a_repr():
    nested = []
    for _ in range(5000):
        nested = [nested]

    assert len(repr(Message(None, None, "t", "e", nested))) < 200
    assert len(repr(Reply("ok", "a" * 10_000_000))) < 5000


def test_the_newest_secrets_are_kept():
    sent = SentSecrets(frozenset, lambda _: frozenset())
    sent.remember(f"secret-{n:04}" for n in range(KEPT + 1))

    assert hidden("secret-0000 secret-0001") == "secret-0000 [redacted]"


def test_a_name_is_enough():
    assert shown({"password": "x"}) == "{'password': '[redacted]'}"
