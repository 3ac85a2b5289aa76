"""Messages to frames and back: who gets them, and what is counted."""

import pytest
from msgspec import Struct

from rx_phoenix._connection.attempt import Attempt, Destination
from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.decoding import decoder
from rx_phoenix._streams.delivery import await_ended
from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.typed import EventHub, TypedEvents
from rx_phoenix.errors import EncodeError, ProtocolError
from rx_phoenix.policy import SendBuffer
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._transports.fake import FakeTransport

SHOUT = Message("1", "2", "room:1", "shout", {"body": "hi"})
SHOUT_FRAME = '["1","2","room:1","shout",{"body":"hi"}]'
BINARY = Message("1", "2", "room:1", "shout", b"\x00\xff")
NEWS = Message(None, None, "room:1", "news", {"body": "hi"})
NEWS_FRAME = '[null,null,"room:1","news",{"body":"hi"}]'
OTHER_NEWS_FRAME = '[null,null,"room:2","news",{}]'
REPLY_FRAME = '["1","2","room:1","phx_reply",{"status":"ok","response":{}}]'
BEAT_FRAME = '[null,"7","phoenix","phx_reply",{"status":"ok","response":{}}]'
PHOENIX_NEWS_FRAME = '[null,null,"phoenix","news",{}]'


class Join:
    """The join in force."""

    ref = "1"


class Channel:
    """A member that writes down what it gets."""

    def __init__(self, topic, log):
        self.topic = topic
        self.log = log
        self.direct = {}
        self.current_join = Join()

    def receive(self, message):
        self.log.append((self.topic, message))

    def receive_stale(self, message):
        self.log.append((self.topic, "stale", message))


class Trial:
    """A wire, and everything it tells.

    Attributes:
        log: Who got which message, in order.
        beats: What was offered as an answer to a heartbeat.
        is_beat: Whether it was one.
        malformed: The frames that were none.
        reported: The exceptions of observers.
    """

    def __init__(self, time, serializer, send_buffer):
        self.time = time
        self.log = []
        self.beats = []
        self.is_beat = True
        self.malformed = []
        self.reported = []
        self.channels = []
        self.router = Router(
            serializer,
            send_buffer,
            self.reported.append,
            heartbeat_answered=self.note_beat,
            malformed=self.malformed.append,
            awaits_answer=lambda: False,
            scheduler=lambda: time,
        )

    def note_beat(self, message):
        self.beats.append(message)
        return self.is_beat

    def connect(self):
        """Carry a new connection; returns its other end."""
        transport = FakeTransport()
        attempt = Attempt(
            Destination("ws://localhost/socket", "2.0.0", None, None, None),
            transport,
            self.time,
            self.time.spawn,
            timeout=15.0,
            opened=lambda attempt, _: self.router.carry(attempt),
            failed=noop,
            lost=noop,
        )
        attempt.start()
        return transport.attempt.open()

    def push(self, message):
        """Send a message as an outbox does."""
        if self.router.send(message):
            self.router.count_unwritten()

    def join(self, topic):
        """Have the messages of a topic."""
        channel = Channel(topic, self.log)
        self.router.registry.add(channel)
        self.router.registry.activate(channel)
        return channel

    def listen(self, name):
        """Log what a hub of the wire's says."""
        hub = getattr(self.router, name)
        return hub.subscribe(lambda message: self.log.append((name, message)))


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def make_trial(time):
    def make(serializer=None, send_buffer=SendBuffer()):
        return Trial(time, serializer or SerializerV2(), send_buffer)

    return make


@pytest.fixture
def trial(make_trial):
    return make_trial()


@pytest.fixture
def make_push():
    def make():
        return ChannelPush("room:1", "shout", {}, 10.0, report=print, spawn=None)

    return make


def counted(trial):
    """The counters that are not 0."""
    stats = trial.router.counters.snapshot(round_trip=None, buffered=0, channels=0)
    names = ("frames_in", "bytes_in", "frames_out", "bytes_out")
    names += ("protocol_errors", "late_replies")
    return {name: getattr(stats, name) for name in names if getattr(stats, name)}


# Refs.


def test_no_two_messages_have_one_ref(trial):
    assert [trial.router.next_ref() for _ in range(3)] == ["1", "2", "3"]


def test_refs_go_on_after_a_connection(trial):
    trial.connect()
    trial.router.next_ref()
    trial.router.cut()
    trial.connect()

    assert trial.router.next_ref() == "2"


# Sending.


def test_a_message_is_sent_as_a_frame(trial):
    connection = trial.connect()
    trial.router.send(SHOUT)

    assert connection.sent == [SHOUT_FRAME]


def test_what_is_sent_is_counted_in_frames_and_in_their_sizes(trial):
    connection = trial.connect()
    trial.router.send(SHOUT)
    trial.router.send(BINARY)

    assert counted(trial) == {
        "frames_out": 2,
        "bytes_out": sum(map(len, connection.sent)),
    }


def test_a_message_goes_to_the_present_connection(trial):
    first = trial.connect()
    trial.router.cut()
    second = trial.connect()
    trial.router.send(SHOUT)

    assert (first.sent, second.sent) == ([], [SHOUT_FRAME])


def test_what_is_sent_is_shown_to_who_watches(trial):
    trial.connect()
    trial.listen("sent")
    trial.router.send(SHOUT)

    assert trial.log == [("sent", SHOUT)]


def test_what_cannot_be_said_is_neither_sent_nor_counted_nor_shown(trial):
    connection = trial.connect()
    trial.listen("sent")

    with pytest.raises(EncodeError):
        trial.router.send(Message("1", "2", "room:1", "shout", {"body": float("nan")}))

    assert (connection.sent, counted(trial), trial.log) == ([], {}, [])


# Encoding without a connection.


def test_a_message_can_be_encoded_without_a_connection(trial):
    assert trial.router.encode(SHOUT) == SHOUT_FRAME
    assert counted(trial) == {}


def test_a_message_that_cannot_be_said_is_refused(make_trial):
    trial = make_trial(SerializerV1())

    with pytest.raises(EncodeError):
        trial.router.encode(BINARY)


@pytest.mark.parametrize(
    ("serializer", "has_join_refs"), [(SerializerV1, False), (SerializerV2, True)]
)
def test_join_refs_are_a_matter_of_the_serializer(
    make_trial, serializer, has_join_refs
):
    assert make_trial(serializer()).router.has_join_refs is has_join_refs


# Pushes that wait for the wire.


def test_a_push_that_was_written_at_once_does_not_wait(trial):
    connection = trial.connect()
    trial.push(SHOUT)

    assert connection.sent == [SHOUT_FRAME]
    assert trial.router.buffered == 0


def test_a_push_waits_until_its_frame_is_written(trial):
    connection = trial.connect()
    connection.buffered = 1
    trial.push(SHOUT)
    before = trial.router.buffered
    connection.buffered = 0

    assert (before, trial.router.buffered) == (1, 0)


def test_other_frames_than_pushes_do_not_count(trial):
    connection = trial.connect()
    connection.buffered = 1
    trial.router.send(SHOUT)

    assert trial.router.buffered == 0


@pytest.mark.parametrize(
    ("buffered", "waiting"), [(4, 2), (3, 2), (2, 1), (1, 1), (0, 0)]
)
def test_frames_are_written_in_their_order(trial, buffered, waiting):
    connection = trial.connect()
    connection.buffered = 1
    trial.router.send(SHOUT)
    trial.push(SHOUT)
    trial.router.send(SHOUT)
    trial.push(SHOUT)
    connection.buffered = buffered

    assert trial.router.buffered == waiting


def test_the_queue_of_a_lost_connection_waits_no_longer(trial):
    connection = trial.connect()
    connection.buffered = 1
    trial.push(SHOUT)
    trial.router.cut()

    assert trial.router.buffered == 0


def test_what_the_network_has_taken_is_counted(trial):
    connection = trial.connect()
    connection.buffered, connection.bytes_sent = 1, 7
    for _ in range(3):
        trial.router.send(SHOUT)

    router = trial.router
    assert (router.waiting, router.taken, router.bytes_taken) == (1, 2, 7)


def test_without_a_connection_the_network_has_taken_nothing(trial):
    router = trial.router

    assert (router.waiting, router.taken, router.bytes_taken) == (0, 0, 0)


def test_a_push_may_wait_where_there_is_room(make_trial, make_push):
    assert make_trial(send_buffer=SendBuffer(1)).router.admit(make_push())


def test_a_push_is_cancelled_where_there_is_none(make_trial, make_push):
    trial = make_trial(send_buffer=SendBuffer(1))
    trial.connect().buffered = 1
    trial.push(SHOUT)
    push = make_push()

    assert trial.router.admit(push) is False
    assert push.status == "cancelled"


def test_what_was_written_meanwhile_makes_room(make_trial, make_push):
    trial = make_trial(send_buffer=SendBuffer(1))
    connection = trial.connect()
    connection.buffered = 1
    trial.push(SHOUT)
    connection.buffered = 0

    assert trial.router.admit(make_push())


# Receiving.


def test_a_message_goes_to_the_channel_of_its_topic(trial):
    trial.join("room:1")
    trial.join("room:2")
    trial.router.receive([NEWS_FRAME])

    assert trial.log == [("room:1", NEWS)]


def test_a_frame_of_text_may_come_as_bytes(trial):
    trial.join("room:1")
    trial.router.receive([NEWS_FRAME.encode()])

    assert trial.log == [("room:1", NEWS)]


@pytest.fixture
def listened(trial):
    """A channel whose event ``news`` somebody listens to."""
    channel = trial.join("room:1")
    channel.direct["news"] = EventHub(trial.reported.append)
    channel.direct["news"].subscribe(trial.log.append)
    return channel


@pytest.mark.parametrize("join_ref", ["null", '"1"'])
def test_an_event_goes_straight_to_who_listens_to_it(trial, listened, join_ref):
    trial.router.receive([f'[{join_ref},null,"room:1","news",{{"body":"hi"}}]'])

    assert trial.log == [{"body": "hi"}]


def test_an_event_of_an_older_join_is_for_the_channel_to_judge(trial, listened):
    trial.router.receive(['["0",null,"room:1","news",{"body":"hi"}]'])

    message = Message("0", None, "room:1", "news", {"body": "hi"})
    assert trial.log == [("room:1", "stale", message)]


def test_an_event_without_a_direct_route_goes_through_the_channel(trial, listened):
    listened.direct.clear()
    trial.router.receive([NEWS_FRAME])

    assert trial.log == [("room:1", NEWS)]


def test_a_direct_route_ends_with_its_channels_activity(trial, listened):
    trial.router.registry.deactivate(listened)
    trial.router.receive([NEWS_FRAME])

    assert trial.log == []


# Payloads with a typed observer.

TYPED_FRAME = '[null,null,"room:1","typed",{"body":"hi"}]'


class News(Struct):
    body: str


@pytest.fixture
def typed(trial, listened):
    """A typed observer of ``typed``, which was found out by an event already."""
    hub = listened.direct["typed"] = EventHub(trial.reported.append)
    events = TypedEvents(hub, decoder(News), trial.reported.append)
    events.subscribe(trial.log.append)
    trial.router.receive([TYPED_FRAME])
    trial.log.clear()
    return hub


@pytest.mark.parametrize(
    "frame", [TYPED_FRAME, TYPED_FRAME.encode()], ids=["text", "bytes"]
)
def test_a_payload_with_a_typed_observer_is_decoded_once(
    trial, typed, monkeypatch, frame
):
    monkeypatch.setattr(trial.router, "_decode", None)
    trial.router.receive([frame, frame])

    assert trial.log == [News("hi"), News("hi")]


@pytest.mark.parametrize(
    "frame",
    [
        NEWS_FRAME,
        OTHER_NEWS_FRAME,
        REPLY_FRAME,
        BEAT_FRAME,
        "[]",
        b"\x02\x06\x05room:1typed\x00",
    ],
)
def test_other_frames_among_those_with_typed_observers_go_their_own_way(
    trial, typed, frame
):
    batch = [TYPED_FRAME, frame, TYPED_FRAME]
    trial.router.receive(batch)
    among_typed = [*trial.log], len(trial.malformed), len(trial.reported)
    trial.log.clear()
    trial.malformed.clear()
    trial.reported.clear()
    for each in batch:
        trial.router.receive([NEWS_FRAME])
        trial.log.pop()
        trial.router.receive([each])

    assert (trial.log, len(trial.malformed), len(trial.reported)) == among_typed


def test_an_interrupt_of_a_decoder_ends_the_program(trial, typed, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(trial.router, "_decode_raw", interrupt)
    with pytest.raises(KeyboardInterrupt):
        trial.router.receive([TYPED_FRAME])

    assert trial.log == []


def test_typed_observers_are_no_secret_to_taps(trial, typed):
    trial.listen("frames")
    trial.router.receive([TYPED_FRAME])

    message = Message(None, None, "room:1", "typed", {"body": "hi"})
    assert trial.log == [News("hi"), ("frames", message)]


def test_version_1_has_typed_observers_too(make_trial):
    trial = make_trial(SerializerV1())
    hub = trial.join("room:1").direct["typed"] = EventHub(trial.reported.append)
    events = TypedEvents(hub, decoder(News), trial.reported.append)
    events.subscribe(trial.log.append)
    frame = '{"topic":"room:1","event":"typed","payload":{"body":"hi"},"ref":null}'
    trial.router.receive([frame])
    trial.router.receive([frame])

    assert trial.log == [News("hi"), News("hi")]


def test_a_batch_with_typed_observers_can_be_left_in_the_middle(trial, typed):
    trial.router.receive([TYPED_FRAME])
    typed.subscribe(lambda _: trial.router.reader.give_turns())
    trial.router.receive([TYPED_FRAME, TYPED_FRAME])
    before = len(trial.log)
    trial.time.advance_by(0)

    assert (before, len(trial.log)) == (2, 3)


def test_a_channel_comes_before_frames_and_frames_before_messages(trial):
    trial.listen("messages")
    trial.listen("frames")
    trial.join("room:1")
    trial.router.receive([NEWS_FRAME])

    assert trial.log == [("room:1", NEWS), ("frames", NEWS), ("messages", NEWS)]


@pytest.mark.parametrize(
    "frame", [NEWS_FRAME, OTHER_NEWS_FRAME, REPLY_FRAME, BEAT_FRAME]
)
@pytest.mark.parametrize("name", ["frames", "messages"])
def test_every_message_is_shown_whosever_it_is(trial, name, frame):
    trial.listen(name)
    trial.router.receive([frame])

    assert trial.log == [(name, SerializerV2().decode(frame))]


def test_what_is_received_is_counted_in_frames_and_in_their_sizes(trial):
    frames = [NEWS_FRAME, OTHER_NEWS_FRAME, b"\x02\x06\x04room:1news\x00\xff"]
    for frame in frames:
        trial.router.receive([frame])

    assert counted(trial) == {"frames_in": 3, "bytes_in": sum(map(len, frames))}


def test_what_is_delivered_has_been_counted(trial):
    counts = []
    trial.join("room:1").receive = lambda _: counts.append(counted(trial))
    trial.router.receive([NEWS_FRAME])

    assert counts == [{"frames_in": 1, "bytes_in": len(NEWS_FRAME)}]


def test_a_pause_counts_beside_what_arrives(trial):
    before = trial.router.received
    trial.router.receive([NEWS_FRAME])
    trial.router.backpressure.pauses += 1

    assert trial.router.received == before + 2


def test_a_channel_that_is_no_longer_busy_gets_nothing(trial):
    trial.router.registry.deactivate(trial.join("room:1"))
    trial.router.receive([NEWS_FRAME])

    assert trial.log == []


# Batches.

ROOM_1 = [f'[null,null,"room:1","news",{{"n":{n}}}]' for n in range(5)]


def numbers(trial):
    """The messages that arrived, by their numbers."""
    return [message.payload["n"] for _, message in trial.log]


@pytest.fixture
def acting(trial):
    """A channel that does something at one of its messages."""
    channel = trial.join("room:1")
    actions = {}

    def receive(message):
        trial.log.append(("room:1", message))
        actions.get(message.payload["n"], noop)()

    channel.receive = receive
    return actions


def test_the_frames_of_a_batch_are_delivered_in_order_and_counted(trial, acting):
    trial.router.receive(ROOM_1)

    assert numbers(trial) == [0, 1, 2, 3, 4]
    assert counted(trial)["frames_in"] == 5
    assert counted(trial)["bytes_in"] == sum(map(len, ROOM_1))


def test_after_a_loss_nothing_of_the_batch_is_delivered(trial, acting):
    trial.connect()
    acting[1] = trial.router.cut
    trial.router.receive(ROOM_1)

    assert numbers(trial) == [0, 1]


def test_replies_behind_an_ended_await_come_at_once_and_all_else_later(trial, acting):
    acting[0] = await_ended
    trial.join("room:2").receive = lambda message: trial.log.append(message.event)
    reply = REPLY_FRAME.replace("room:1", "room:2")
    trial.router.receive(ROOM_1[:1])
    trial.router.receive([reply, "nonsense", ROOM_1[1]])
    before = trial.log[1:], len(trial.malformed)
    trial.time.advance_by(0)

    assert before == (["phx_reply"], 0)
    assert len(trial.malformed) == 1
    assert trial.log[2][1].payload == {"n": 1}


def test_a_channel_that_raises_is_reported_and_does_not_end_its_batch(trial, acting):
    error = RuntimeError("a mistake")

    def fail():
        raise error

    acting[1] = fail
    trial.router.receive(ROOM_1)

    assert numbers(trial) == [0, 1, 2, 3, 4]
    assert trial.reported == [error]
    assert counted(trial)["protocol_errors"] == 1


def test_what_arrives_during_a_delivery_waits_its_turn(trial, acting):
    acting[1] = lambda: trial.router.receive(ROOM_1[4:])
    trial.router.receive(ROOM_1[:4])

    assert numbers(trial) == [0, 1, 2, 3, 4]


def test_a_new_connection_delivers_while_the_old_ones_batch_is_dropped(trial, acting):
    trial.connect()

    def replace():
        trial.router.cut()
        trial.connect()
        trial.router.receive(ROOM_1[4:])

    acting[1] = replace
    trial.router.receive(ROOM_1[:4])
    trial.router.receive(ROOM_1[:1])

    assert numbers(trial) == [0, 1, 4, 0]


def test_a_frame_that_is_no_message_does_not_end_its_batch(trial, acting):
    trial.router.receive([ROOM_1[0], "nonsense", ROOM_1[1]])

    assert numbers(trial) == [0, 1]
    assert trial.router.counters.protocol_errors == 1


# Frames that are no messages.


@pytest.mark.parametrize("frame", ["", "nonsense", "{}", "[1,2]", b"\x02", b"\x09x"])
def test_a_frame_that_is_no_message_is_told_and_counted(trial, frame):
    trial.join("room:1")
    trial.listen("frames")
    trial.listen("messages")
    trial.router.receive([frame])

    (error,) = trial.malformed
    assert type(error) is ProtocolError
    assert trial.log == []
    assert trial.router.counters.protocol_errors == 1
    assert trial.router.counters.frames_in == 1


def test_after_a_frame_that_is_no_message_others_arrive(trial):
    trial.join("room:1")
    trial.router.receive(["nonsense"])
    trial.router.receive([NEWS_FRAME])

    assert trial.log == [("room:1", NEWS)]


# Answers to heartbeats, and late replies.


def test_an_answer_to_a_heartbeat_is_offered_and_is_no_late_reply(trial):
    trial.router.receive([BEAT_FRAME])

    assert trial.beats == [SerializerV2().decode(BEAT_FRAME)]
    assert trial.router.counters.late_replies == 0


@pytest.mark.parametrize("is_beat", [False, True])
def test_any_message_of_the_topic_phoenix_is_offered(trial, is_beat):
    trial.is_beat = is_beat
    trial.router.receive([PHOENIX_NEWS_FRAME])

    assert len(trial.beats) == 1
    assert trial.router.counters.late_replies == 0


def test_an_answer_to_a_heartbeat_that_nobody_awaits_is_a_late_reply(trial):
    trial.is_beat = False
    trial.router.receive([BEAT_FRAME])

    assert trial.router.counters.late_replies == 1


def test_messages_of_other_topics_are_not_offered(trial):
    trial.router.receive([REPLY_FRAME])

    assert trial.beats == []


@pytest.mark.parametrize(
    ("frame", "late"), [(REPLY_FRAME, 1), (NEWS_FRAME, 0), (OTHER_NEWS_FRAME, 0)]
)
def test_a_reply_to_a_topic_without_a_channel_is_a_late_one(trial, frame, late):
    trial.router.receive([frame])

    assert trial.router.counters.late_replies == late


def test_a_reply_to_a_channel_is_its_own_affair(trial):
    trial.join("room:1")
    trial.router.receive([REPLY_FRAME])

    assert trial.router.counters.late_replies == 0
