"""Arguments of the wrong type: refused by every public constructor, at the call."""

import inspect
from asyncio import AbstractEventLoop
from collections.abc import Mapping
from datetime import timedelta
from random import Random

import pytest
from aiohttp import ClientSession, Fingerprint

import rx_phoenix
import rx_phoenix.supabase.blocking
import rx_phoenix.testing.supabase
from rx_phoenix import (
    AttemptFailed,
    Backoff,
    Channel,
    FallbackTransport,
    GaveUp,
    Heartbeat,
    LongPollTransport,
    Presence,
    Push,
    Reconnect,
    Rejoin,
    SendBuffer,
    SerializerV1,
    SerializerV2,
    Socket,
    UsageError,
    UsageWarning,
    WebSocketTransport,
    blocking,
    operators,
    supabase,
    testing,
)
from rx_phoenix.operators import (
    LoopScheduler,
    first_value,
    for_each,
    map_async,
    push_each,
    resume,
    retry_with_backoff,
    share_latest,
    snapshot_then,
    values,
)
from rx_phoenix.supabase import Binding, Realtime, RealtimeSerializer
from rx_phoenix.testing import (
    FakeLongPollTransport,
    FakeTransport,
    FaultProxy,
    PhoenixServer,
    VirtualScheduler,
)
from rx_phoenix.testing.supabase import SupabaseServer, Table

URL = "ws://host/socket"
SECRET = "s3cr3t-s3cr3t"


class Odd:
    """An object without any method that an argument has to have."""

    def __repr__(self):
        return "<odd>"


CYCLIC = {}
CYCLIC["again"] = CYCLIC

NONE, OFF, NUMBER, TEXT, LIST, ODD = None, False, 5, SECRET, [1, 2], Odd()

HTTP = {
    "session": [OFF, NUMBER, TEXT, ODD, ClientSession],
    "ssl": [NUMBER, TEXT, ODD, Fingerprint],
    "proxy": [
        OFF,
        NUMBER,
        SECRET,
        f"socks5://{SECRET}@127.0.0.1:1080",
        f"http://{SECRET}@host:port",
        f"ws://{SECRET}@host",
        SECRET.encode(),
        ODD,
    ],
    "trust_env": [NONE, NUMBER, "no", ODD],
    "max_frame_size": [NONE, OFF, 0, -1, 1.5, TEXT, ODD],
}

NO_SECONDS = [-1, float("nan"), float("inf"), timedelta(-1)]
DURATION = [NONE, OFF, True, TEXT, LIST, ODD, *NO_SECONDS]
FUNCTION = [OFF, NUMBER, TEXT, LIST, ODD]
HEADERS = [
    OFF,
    NUMBER,
    SECRET,
    SECRET.encode(),
    [("x-key", SECRET)],
    {"x-key": SECRET.encode()},
    {"x-key": 5},
    {"x-key": None},
    {"x-key": f"{SECRET}\r\nX: 1"},
    {"x-key": f"{SECRET}\x00"},
    {"x-key": f"{SECRET}\ud800"},
    {5: SECRET},
    {"": SECRET},
    {f"{SECRET}\r\n": "1"},
    {f"{SECRET}:": "1"},
]
PARAMS = [OFF, NUMBER, SECRET, SECRET.encode(), [("key", SECRET)], {SECRET}, ODD]
CONNECT_PARAMS = [*PARAMS, {"a": CYCLIC}, {"token": f"{SECRET}\ud800"}]
AUTH_TOKENS = [OFF, NUMBER, SECRET.encode(), [SECRET], ODD, f"{SECRET}\ud800"]

HOOK = {"enc_hook": [OFF, NUMBER, TEXT, LIST, ODD]}

SOCKETS = [
    *("headers", "timeout", "heartbeat", "reconnect", "rejoin", "send_buffer"),
    *("transport", "serializer"),
]
"""The arguments that every kind of socket has."""

WRONG = {
    Socket: {
        "url": [NONE, NUMBER, b"ws://host/socket", ODD, "socket"],
        "params": CONNECT_PARAMS,
        "auth_token": AUTH_TOKENS,
        "headers": HEADERS,
        "timeout": DURATION,
        "heartbeat": [OFF, True, 30, 30.0, timedelta(30), TEXT, ODD, Heartbeat],
        "reconnect": [NONE, OFF, True, NUMBER, Backoff(1), Rejoin(), ODD, Reconnect],
        "rejoin": [NONE, OFF, True, NUMBER, Backoff(1), Reconnect(), ODD, Rejoin],
        "send_buffer": [NONE, OFF, True, -1, 1.5, TEXT, LIST, ODD, SendBuffer],
        "transport": [OFF, NUMBER, TEXT, ODD, WebSocketTransport],
        "serializer": [OFF, NUMBER, TEXT, ODD, SerializerV1, SerializerV2],
        "scheduler": [OFF, NUMBER, TEXT, ODD],
        "random": [OFF, 0.5, TEXT, LIST, ODD, Random],
    },
    Channel: {
        "topic": [NONE, OFF, NUMBER, b"room:1", LIST, ODD],
        "params": PARAMS,
        "socket": [OFF, NUMBER, TEXT, ODD, Socket, {"token": SECRET}],
    },
    Backoff: {
        "first": DURATION,
        "factor": [NONE, TEXT, LIST, 0.5],
        "cap": DURATION,
        "jitter": [NONE, TEXT, LIST, 2],
        "table": [NONE, NUMBER, {1, 2}, [NONE], ["1"], ODD],
    },
    Heartbeat: {"interval": [*DURATION, 0], "timeout": [*DURATION, 0]},
    Reconnect: {
        "delays": [*FUNCTION, True, Backoff],
        "stable": DURATION,
        "give_up": [*FUNCTION, True],
        "drain": [*FUNCTION, True, Backoff],
        "timeout": [*DURATION, 0],
        "attempts": [OFF, True, 0, 1.5, TEXT, LIST, ODD],
        "within": [0, *DURATION[1:]],
        "linger": DURATION,
    },
    Rejoin: {
        "delays": [NONE, *FUNCTION, True, Backoff],
        "give_up": [*FUNCTION, True],
        "attempts": [OFF, True, 0, 1.5, TEXT, LIST, ODD],
        "hint": [*FUNCTION, True],
        "at_once": [OFF, True, 0, 1.5, TEXT, LIST, ODD],
        "every": [NONE, -1, TEXT, LIST, ODD],
        "on_close": [NONE, True, "stay", LIST, ODD],
    },
    WebSocketTransport: {
        **HTTP,
        "compress": [NONE, True, 8, 16, 1.5, TEXT, ODD],
        "write_timeout": DURATION,
    },
    LongPollTransport: {
        **HTTP,
        "poll_timeout": DURATION,
        "send_timeout": DURATION,
    },
    FallbackTransport: {
        "first": [NONE, OFF, NUMBER, TEXT, ODD, LongPollTransport],
        "then": [NONE, OFF, NUMBER, TEXT, ODD, LongPollTransport],
        "after": DURATION,
        "retry_after": DURATION,
    },
    SendBuffer: {
        "size": [NONE, OFF, True, -1, 1.5, TEXT, LIST, ODD],
        "overflow": [NONE, OFF, NUMBER, "newest", LIST, ODD],
    },
    Presence: {
        "channel": [NONE, OFF, NUMBER, TEXT, ODD, Channel],
        "state_event": [NONE, OFF, NUMBER, b"x", ODD],
        "diff_event": [NONE, OFF, NUMBER, b"x", ODD],
    },
    SerializerV1: HOOK,
    SerializerV2: HOOK,
    LoopScheduler: {"loop": [NONE, OFF, NUMBER, TEXT, ODD, AbstractEventLoop]},
}
"""For each argument of each constructor values that it does not take."""

REALTIME = {
    **{name: WRONG[Socket][name] for name in SOCKETS},
    "url": [NONE, NUMBER, ODD, "project"],
    "api_key": [NONE, OFF, NUMBER, "", SECRET.encode(), ODD],
    "access_token": [OFF, NUMBER, SECRET.encode(), [SECRET], ODD],
    "refresh_every": [OFF, True, TEXT, LIST, ODD, -1],
    "params": [OFF, NUMBER, SECRET, [("key", SECRET)], ODD],
}

LIMIT = [OFF, True, 0, -1, 1.5, TEXT, LIST, ODD]
PORT = [NONE, OFF, True, -1, 65536, 1.5, TEXT, ODD]
NO_TEXT = [NONE, OFF, NUMBER, b"x", LIST, ODD]
SERIALIZER = [OFF, NUMBER, TEXT, ODD, SerializerV1]

WRONG |= {
    blocking.Socket: {
        name: WRONG[Socket][name] for name in [*SOCKETS, "url", "params", "auth_token"]
    },
    Realtime: {
        **REALTIME,
        "scheduler": WRONG[Socket]["scheduler"],
        "random": WRONG[Socket]["random"],
    },
    supabase.blocking.Realtime: REALTIME,
    RealtimeSerializer: {**HOOK, "metadata": [NONE, OFF, NUMBER, TEXT, LIST, ODD]},
    Binding: {
        "event": [NONE, OFF, NUMBER, "UPSERT", LIST, ODD],
        "schema": NO_TEXT,
        "table": NO_TEXT[1:],
        "filter": NO_TEXT[1:],
    },
    FakeTransport: {
        "answers_close": [NONE, NUMBER, TEXT, ODD],
        "serializer": SERIALIZER,
        "watch": [NONE, *FUNCTION],
    },
    FakeLongPollTransport: {
        "poll_timeout": DURATION,
        "send_timeout": DURATION,
        "serializer": SERIALIZER,
    },
    FaultProxy: {
        "port": PORT,
        "host": NO_TEXT,
        "seed": [NONE, 1.5, TEXT, LIST, ODD],
    },
    VirtualScheduler: {"limit": [NONE, *LIMIT]},
    PhoenixServer: {
        "channels": [NONE, OFF, NUMBER, TEXT, [("room:*", ODD)], ODD],
        "sockets": [OFF, NUMBER, TEXT, LIST, ODD],
        "host": NO_TEXT,
        "port": PORT,
        "check_origin": [NONE, NUMBER, "https://example.org", ODD],
    },
    SupabaseServer: {
        "tables": [NONE, OFF, NUMBER, TEXT, LIST, ODD],
        "api_key": NO_TEXT,
        "may": [NONE, *FUNCTION],
        "joins_per_second": LIMIT,
        "events_per_second": LIMIT,
        "channels_per_client": LIMIT,
        "host": NO_TEXT,
        "port": PORT,
    },
    Table: {
        "name": NO_TEXT,
        "columns": [NONE, OFF, NUMBER, TEXT, LIST, ODD],
        "schema": NO_TEXT,
    },
}

PROJECT = {"url": "https://example.org", "api_key": "k"}

REST = {
    Socket: {"url": URL},
    blocking.Socket: {"url": URL},
    Channel: {"topic": "room:1"},
    FallbackTransport: {"first": LongPollTransport(), "then": LongPollTransport()},
    Presence: {"channel": Channel("room:1")},
    Realtime: PROJECT,
    supabase.blocking.Realtime: PROJECT,
    FaultProxy: {"port": 1},
    PhoenixServer: {"channels": {}},
    Table: {"name": "rows"},
}
"""The arguments that have no default."""

MADE_FOR_YOU = {
    *("Connection", "Serializer", "Transport"),  # protocols
    *("Push", "RealtimeChannel", "RealtimePresence", "Items"),
    *("ServerPresence", "ServerSocket", "Endpoint", "SimulatedRun"),
    *("Expectation", "FakeAttempt", "FakeConnection", "FakeRequest", "Phx"),
    *("Recording", "Source", "Timeline", "VirtualLoop", "VirtualTimer", "Marbles"),
}
"""The classes whose objects the library or its kit makes."""

VALUES = {
    *("AttemptFailed", "Closed", "FellBack", "GaveUp", "HeartbeatAnswered", "Opened"),
    *("HeartbeatMissed", "Retrying", "SteppedUp", "Joined", "Left", "Updated", "Retry"),
    *("Message", "Reply", "SocketStats", "Gap", "Broadcast", "Change", "Column"),
    *("SystemMessage", "ChannelState", "SocketState", "ChannelStatus"),
    *("PresenceStatus",),
}
"""The values that are received, and enumerations."""

TESTED_ELSEWHERE = {
    *("Answers", "Closes", "Fails", "Opens", "Says", "Sends"),  # with their letters
    *("ServerChannel", "SocketOptions"),  # of a server
    *("TapeTransport",),  # with tapes
}

MODULES = [rx_phoenix, operators, blocking, supabase, supabase.blocking]
MODULES += [testing, testing.supabase]


def test_every_public_constructor_is_in_the_table():
    classes = {
        value
        for module in MODULES
        for value in [getattr(module, name) for name in module.__all__]
        if isinstance(value, type) and not issubclass(value, BaseException)
    }
    left = classes - {*WRONG}

    # Those without await are made of what runs in a thread.
    left -= {blocking.Channel, blocking.Presence}
    assert {kind.__name__ for kind in left} == MADE_FOR_YOU | VALUES | TESTED_ELSEWHERE


def refusal_of(call, value):
    """The error of a call that does not take a value."""
    try:
        call(value)
    except UsageError as error:
        return error
    pytest.fail(f"{value!r} was taken")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, id=f"{kind.__module__}.{kind.__name__}-{name}")
        for kind, arguments in WRONG.items()
        for name in arguments
    ],
)
def test_a_wrong_argument_is_refused_where_it_is_given(kind, name):
    for value in WRONG[kind][name]:
        refused = refusal_of(lambda it: kind(**{**REST.get(kind, {}), name: it}), value)

        if name in {"params", "auth_token", "headers", "socket", "proxy"}:
            assert SECRET not in f"{refused!r} {refused.__cause__}"


def test_every_argument_is_in_the_table():
    taken = {kind: set(inspect.signature(kind).parameters) for kind in WRONG}

    assert taken == {kind: set(arguments) for kind, arguments in WRONG.items()}


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"heartbeat": 30}, "heartbeat must be a Heartbeat or None, got 30"),
        ({"reconnect": False}, "reconnect must be a Reconnect, got False"),
        ({"rejoin": 5}, "rejoin must be a Rejoin, got 5"),
        ({"send_buffer": None}, "send_buffer must be .* or a SendBuffer, got None"),
        ({"random": 0.5}, "random must be a function .*, got 0.5"),
        ({"serializer": SerializerV2}, "serializer must be .* not its class, got"),
        ({"auth_token": b"abc"}, "auth_token must be text.* of type bytes"),
        ({"params": CYCLIC}, "params .* contain themselves"),
        ({"timeout": "5"}, "timeout must be a timedelta .* got '5'"),
    ],
)
def test_the_refusal_names_the_argument_and_what_it_takes(option, words):
    with pytest.raises(UsageError, match=words):
        Socket(URL, **option)


# Arguments of operators and of calls.

COUNT = [OFF, True, 0, -1, 1.5, float("nan"), TEXT, LIST, ODD]
NAMES = [NONE, OFF, NUMBER, b"x", ODD]
NOT_A_FUNCTION = [*FUNCTION, True]
NOT_A_STREAM = [NONE, OFF, NUMBER, TEXT, LIST, ODD]


async def work(value):
    return value


def from_ids(channel, event="n", **options):
    return resume(channel, event, **{"cursor": int, "param": "since", **options})


CALLS = {
    "map_async fn": (lambda _, it: map_async(it), [NONE, *NOT_A_FUNCTION]),
    "map_async max_concurrent": (
        lambda _, it: map_async(work, max_concurrent=it),
        [NONE, *COUNT],
    ),
    "map_async maxsize": (lambda _, it: map_async(work, maxsize=it), [NONE, *COUNT]),
    "map_async on_loss": (lambda _, it: map_async(work, on_loss=it), NOT_A_FUNCTION),
    "values": (lambda _, it: values(it), NOT_A_STREAM),
    "values maxsize": (
        lambda channel, it: values(channel.joins, maxsize=it),
        [NONE, *COUNT],
    ),
    "values on_loss": (
        lambda channel, it: values(channel.joins, on_loss=it),
        NOT_A_FUNCTION,
    ),
    "for_each": (lambda _, it: for_each(it, print), NOT_A_STREAM),
    "for_each fn": (
        lambda channel, it: for_each(channel.joins, it),
        [NONE, *NOT_A_FUNCTION],
    ),
    "first_value": (lambda _, it: first_value(it, timeout=1), NOT_A_STREAM),
    "push_each": (lambda _, it: push_each(it, "x"), NOT_A_STREAM),
    "push_each event": (push_each, NAMES),
    "push_each maxsize": (
        lambda channel, it: push_each(channel, "x", maxsize=it),
        [NONE, *COUNT],
    ),
    "push_each in_flight": (
        lambda channel, it: push_each(channel, "x", in_flight=it),
        COUNT,
    ),
    "push_each on_loss": (
        lambda channel, it: push_each(channel, "x", on_loss=it),
        NOT_A_FUNCTION,
    ),
    "resume": (lambda _, it: from_ids(it), NOT_A_STREAM),
    "resume event": (from_ids, NAMES),
    "resume backfill": (
        lambda channel, it: from_ids(channel, backfill=it),
        NOT_A_FUNCTION,
    ),
    "resume maxsize": (lambda channel, it: from_ids(channel, maxsize=it), COUNT),
    "retry": (
        lambda _, it: retry_with_backoff(it),
        [NONE, *NOT_A_FUNCTION],
    ),
    "retry give_up": (
        lambda _, it: retry_with_backoff(Backoff(1), give_up=it),
        NOT_A_FUNCTION,
    ),
    "retry attempts": (
        lambda _, it: retry_with_backoff(Backoff(1), attempts=it),
        COUNT,
    ),
    "retry reset": (
        lambda _, it: retry_with_backoff(Backoff(1), reset=it),
        [OFF, True, TEXT, LIST, ODD, -1],
    ),
    "share_latest": (lambda _, it: share_latest(it), DURATION),
    "snapshot_then": (lambda _, it: snapshot_then(it, max), NOT_A_STREAM),
    "snapshot_then fold": (
        lambda channel, it: snapshot_then(channel.joins, it),
        [NONE, *NOT_A_FUNCTION],
    ),
    "on": (lambda channel, it: channel.on(it, print), NAMES),
    "on callback": (
        lambda channel, it: channel.on("x", it),
        [NONE, *NOT_A_FUNCTION],
    ),
    "off": (lambda channel, it: channel.off(it), NAMES),
    "events": (lambda channel, it: channel.events(it), NAMES),
    "on_message": (
        lambda channel, it: setattr(channel, "on_message", it),
        [NONE, *NOT_A_FUNCTION],
    ),
    "push": (lambda channel, it: channel.push(it), NAMES),
    "push timeout": (lambda channel, it: channel.push("x", {}, it), DURATION[1:]),
    "receive": (lambda channel, it: channel.push("x").receive(it, print), NAMES),
    "join timeout": (lambda channel, it: channel.join(it), DURATION[1:]),
    "leave timeout": (lambda channel, it: channel.leave(it), DURATION[1:]),
    "remove": (lambda channel, it: channel.socket.remove(it), NOT_A_STREAM),
}
"""Calls, and values of an argument that they do not take."""


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_of_a_call_is_refused_at_once(make_stage, name):
    call, wrong = CALLS[name]
    channel = make_stage().channel()
    channel.join()

    for value in wrong:
        refusal_of(lambda it: call(channel, it), value)

    assert channel.state == "joining"


# Answers of functions.


@pytest.mark.parametrize("name", ["params", "auth_token", "headers"])
@pytest.mark.parametrize("give_up", [None, lambda _: False], ids=["default", "own"])
def test_a_wrong_answer_of_a_function_is_final(make_stage, name, give_up):
    def ask_for(answer):
        reconnect = Reconnect(give_up=give_up)
        stage = make_stage(reconnect=reconnect, **{name: lambda: answer})
        events, errors = [], []
        stage.socket.lifecycle.subscribe(events.append)
        stage.socket.connect().subscribe(on_error=errors.append)
        stage.wait(3600)
        return stage.attempts, events, errors

    for answer in WRONG[Socket][name]:
        attempts, events, errors = ask_for(answer)

        assert [type(event) for event in events] == [AttemptFailed, GaveUp], answer
        assert [type(error) for error in errors] == [UsageError]
        assert attempts == 0
        assert SECRET not in repr([events, errors])


async def test_an_awaited_answer_is_checked_too():
    async def token():
        return b"abc"

    with pytest.raises(UsageError, match="auth_token must be text"):
        await Socket(URL, auth_token=token).connect()


@pytest.mark.parametrize("answer", [SECRET, [("key", SECRET)], 5])
def test_a_wrong_answer_for_a_join_is_reported_by_name(make_stage, answer):
    stage = make_stage()
    stage.connect()
    stage.socket.channel("room:1", lambda: answer).join()

    error = stage.unhandled.pop(0)
    assert "params must be a mapping" in str(error)
    assert SECRET not in repr(error)


# What stays valid.


class Duck:
    """A transport and a serializer by its methods alone."""

    vsn = "2.0.0"
    has_join_refs = True

    def connect(self, endpoint): ...
    def encode(self, message): ...
    def decode(self, frame): ...


class Headers(Mapping):
    """A mapping of a user's."""

    def __getitem__(self, name):
        return {"X-One": "1\t2"}[name]

    def __iter__(self):
        return iter(["X-One"])

    def __len__(self):
        return 1


@pytest.mark.parametrize(
    "options",
    [
        {"transport": Duck(), "serializer": Duck()},
        {"params": dict, "auth_token": str, "headers": Headers},
        {"headers": Headers(), "params": {"a": [{"b": 1}], 5: None, "c": b"\xff"}},
        {"random": Random(1)},
        {"random": Random(1).random},
        {"heartbeat": None, "send_buffer": 0},
        {"reconnect": Reconnect(float, drain=float, give_up=bool)},
        {"rejoin": Rejoin(float, give_up=bool)},
        {"timeout": timedelta(hours=2)},
        {"params": {"shared": LIST, "again": LIST}},
    ],
)
def test_what_has_the_methods_or_can_be_called_is_taken(options):
    assert Socket(URL, **options).url == URL


@pytest.mark.parametrize("token", ["", str], ids=["given", "asked"])
def test_an_empty_token_is_none(make_stage, token):
    stage = make_stage(auth_token=token)
    stage.connect()

    assert stage.transport.attempt.endpoint.auth_token is None


# Milliseconds.


@pytest.mark.parametrize("milliseconds", [5000, 5000.0])
@pytest.mark.parametrize(
    "use",
    [
        lambda channel, timeout: channel.join(timeout),
        lambda channel, timeout: channel.leave(timeout),
        lambda channel, timeout: channel.push("shout", {}, timeout),
        lambda channel, timeout: channel.request("shout", {}, timeout),
        lambda _, timeout: Socket(URL, timeout=timeout),
        lambda _, timeout: Heartbeat(timeout),
        lambda _, timeout: Heartbeat(timeout=timeout),
        lambda _, timeout: Reconnect(timeout=timeout),
    ],
    ids=range(8),
)
def test_a_timeout_that_looks_like_milliseconds_is_a_warning(
    make_stage, use, milliseconds
):
    channel = make_stage().channel()
    channel.join()

    with pytest.warns(UsageWarning, match="5000 seconds") as warned:
        assert use(channel, milliseconds) is not None

    assert [warning.filename for warning in warned] == [__file__]
    # A timedelta is no mistake, and an hour is none.
    use(channel, timedelta(seconds=5000))
    use(channel, 3600)


def test_a_request_warns_once_for_all_its_pushes(make_stage):
    stage = make_stage()
    channel = stage.channel()
    channel.join()
    with pytest.warns(UsageWarning):
        request = channel.request("shout", {}, 5000)

    pushes = []
    stage.socket.pushes.subscribe(pushes.append)
    request.subscribe(on_error=print)
    request.subscribe(on_error=print)

    assert [push.within for push in pushes] == [5000, 5000]


# Reserved names.


@pytest.mark.parametrize(
    "event", ["phx_join", "phx_leave", "phx_close", "phx_error", "phx_reply"]
)
def test_a_push_has_no_name_that_the_protocol_reserves(make_stage, event):
    channel = make_stage().channel()
    channel.join()

    for send in channel.push, channel.request, channel.cast:
        with pytest.raises(
            UsageError, match=f"reserved by the protocol, got '{event}'"
        ):
            send(event)


def test_a_heartbeat_is_reserved_on_its_own_topic_only(make_stage):
    stage = make_stage()
    other, phoenix = stage.channel(), stage.socket.channel("phoenix")
    other.join()
    phoenix.join()

    assert isinstance(other.push("heartbeat"), Push)
    with pytest.raises(UsageError, match="reserved"):
        phoenix.push("heartbeat")


def test_a_presence_is_of_a_channel(make_stage):
    with pytest.raises(UsageError, match="channel must be a Channel"):
        Presence("room:1")
    with pytest.raises(UsageError, match="name of an event must be a string"):
        Presence(make_stage().channel(), state_event=5)
