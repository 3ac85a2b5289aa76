"""A socket in virtual time with its two lanes."""

import asyncio
import re
from datetime import timedelta

import pytest
import reactivex
from reactivex import operators as ops

from rx_phoenix import FallbackTransport
from rx_phoenix._protocol.lifecycle import Retrying
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import SerializerV2
from rx_phoenix.errors import PushTimeout, UsageError
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect
from rx_phoenix.socket import Socket
from rx_phoenix.testing import (
    Answers,
    Closes,
    Fails,
    FakeTransport,
    LaneError,
    MarbleError,
    Says,
    Sends,
    partial,
)
from rx_phoenix.testing._marbles.recording import explain


@pytest.fixture
def channel(phx):
    return phx.socket.channel("room:1")


def test_a_crashed_channel_rejoins(phx):
    channel = phx.socket.channel("room:1")
    replies = phx.record(channel.joined)
    phx.run(server="-oj-E 0.9s -j--C")
    phx.expect_client("*J 1.2s J---!")
    assert replies == phx.marbles("--j 1.2s j--|")


# The lanes


def test_a_lane_begins_where_the_one_before_ended(phx, channel):
    replies = phx.record(channel.joined)
    phx.run(server="-o")
    phx.run(server="-j")

    phx.expect_client("*J")
    assert replies == phx.marbles("---j")


def test_a_call_due_at_the_end_of_a_lane_belongs_to_the_next(phx):
    called = []
    phx.at(0.2, lambda: called.append(phx.clock))

    phx.run(server="--")
    assert (called, phx.clock) == ([], 0.2)

    phx.run(server="-")
    assert called == [0.2]


def test_the_server_answers_what_the_client_sends_at_that_instant(phx, channel):
    replies = phx.record(channel.joined)
    phx.run(server="-oj-E 0.9s j")

    phx.expect_client("*J 1.2s J")
    assert replies == phx.marbles("--j 1.1s j")


def test_the_server_answers_what_the_test_pushes_at_that_instant(phx, channel):
    pushes = []
    phx.at(0.3, lambda: pushes.append(phx.record(channel.push("ping"))))
    phx.record(channel.joined)
    phx.run(server="-ojp")

    assert pushes[0] == phx.marbles("---(p|)")


def test_a_letter_of_a_group_waits_for_the_effects_of_the_previous(phx):
    async def params():
        await asyncio.sleep(0)
        return {}

    replies = phx.record(phx.socket.channel("room:1", params).joined)
    phx.run(server="(oj)")

    assert replies == phx.marbles("j")


def test_a_lane_that_failed_is_not_played_on(phx, channel):
    phx.record(channel.joined)
    with pytest.raises(LaneError):
        phx.run(server="-(pp)-ojp")

    phx.run(server="-o 1s ")
    phx.expect_client("*-J")


def test_the_client_is_compared_since_a_time(phx, channel):
    phx.answers("*Jh")
    phx.record(channel.joined)
    phx.run(server=" 3m ")
    since = phx.clock
    phx.run(server="-#")

    phx.run(server=" 1s ")
    phx.expect_client("- 250ms (*J)", since=since)


def test_the_messages_of_the_client_can_be_listed(phx, channel):
    phx.record(channel.joined)
    phx.run(server="-oj")
    channel.push("ping", {"n": 1})

    assert [message.payload for message in phx.sent()] == [{"n": 1}]
    assert [message.topic for message in phx.sent("J")] == ["room:1"]


def test_a_lane_with_an_unknown_letter_moves_nothing(phx):
    with pytest.raises(MarbleError, match="'q' is not a letter of this lane"):
        phx.run(server="-oq")

    assert phx.clock == 0


@pytest.mark.parametrize("lane", ["j", "-o", "q"])
def test_the_clients_lane_knows_other_letters(phx, lane):
    with pytest.raises(MarbleError, match="P  push"):
        phx.expect_client(lane)


def test_an_unexpected_client_is_shown_with_both_lanes(phx, channel):
    phx.record(channel.joined)
    phx.run(server="-oj-E 0.9s -j--C")

    with pytest.raises(AssertionError) as raised:
        phx.expect_client("*J 1.3s J--!")

    assert str(raised.value).splitlines() == [
        "the client's actions differ",
        "    server    -oj-E 0.9s -j--C",
        "    expected  *J--- 0.9s -J--!",
        "    actual    *J--- 0.9s J---!",
        "                         ^",
        "at 1.4s",
        "    expected  nothing",
        '    actual    J  ["2","2","room:1","phx_join",{}]',
    ]


# Letters


def test_a_test_can_define_letters_for_its_messages(phx, channel):
    phx.letters(
        m=Says("news", {"n": 1}),
        R=Sends("ping", {"n": 7}),
        a=Answers("R", "ok", {"pong": 7}),
    )
    news = phx.record(channel.stream("news"))
    phx.at(0.3, lambda: channel.push("ping", {"n": 7}))
    phx.run(server="-oj-am")

    phx.expect_client("*J-R")
    assert news == phx.marbles("-----m")
    assert news.values == [{"n": 1}]


def test_answers_and_events_may_be_computed(phx, channel):
    phx.letters(
        a=Answers("P", "ok", lambda message: message.payload),
        m=Says("x", iter([1, 2, 3])),
    )
    payloads = phx.record(channel.stream("x"))
    phx.run(server="-oj")
    push = phx.record(channel.push("q", {"n": 1}))
    phx.run(server="-ammm")

    assert push.values == [{"n": 1}]
    assert payloads.values == [1, 2, 3]
    assert push == phx.marbles("----(a|)")
    assert payloads == phx.marbles("-----mmm")


@pytest.mark.parametrize("payloads", [[{"n": 0}, {"n": 1}], ({"n": 0}, {"n": 1})])
def test_a_sequence_has_a_payload_for_each_time(phx, channel, payloads):
    phx.letters(m=Says("x", payloads))
    heard = phx.record(channel.stream("x"))
    phx.run(server="-ojmm")

    assert heard.values == [{"n": 0}, {"n": 1}]
    assert heard == phx.marbles("---mm")
    with pytest.raises(LaneError, match="its payloads have all been played"):
        phx.run(server="m")


SHARED = Says("x", [{"n": 0}, {"n": 1}])


@pytest.mark.parametrize(("lane", "second"), [("-ojmm", 1), ("-ojmn", 0)])
def test_a_sequence_starts_over_with_each_letter_and_each_test(
    phx, channel, lane, second
):
    phx.letters(m=SHARED, n=SHARED)
    received = phx.record(channel.stream("x"))
    phx.run(server=lane)

    assert received.values == [{"n": 0}, {"n": second}]


def test_an_iterator_without_a_further_payload_is_impossible(phx, channel):
    phx.letters(m=Says("x", iter([1])))
    phx.record(channel.stream("x"))

    with pytest.raises(LaneError, match=r"'m' .* its payloads have all been played"):
        phx.run(server="-ojmm")


def test_a_push_may_be_expected_by_a_predicate_or_a_pattern(phx, channel):
    phx.letters(
        M=Sends("x", lambda payload: payload["a"] == 1),
        N=Sends("y", partial({"a": 1})),
    )
    phx.record(channel.joined)
    phx.run(server="-oj")
    for event in ("x", "y"):
        channel.push(event, {"a": 1, "at": phx.clock})

    phx.expect_client("*J-(MN)")


def test_a_predicate_that_raises_fails_the_test_with_its_error(phx, channel):
    phx.letters(M=Sends("x", lambda payload: payload["a"] == 1), a=Answers("M"))
    phx.answers("M")
    phx.record(channel.joined)
    phx.run(server="-oj")
    channel.push("x", {})

    with pytest.raises(KeyError, match="'a'"):
        phx.run(server="-")
    with pytest.raises(KeyError, match="'a'"):
        phx.expect_client("*J-M")


@pytest.mark.parametrize(
    "meaning",
    [
        Says("x", object()),
        Says("x", [{}, object()]),
        Says("x", lambda message: {}),
        Answers("P", "ok", object()),
        Message("1", None, "room:1", "x", {"at": object()}),
        ["1", None, "room:1", "x", {}],
        Says(5),
        Says("x", topic=5),
        Answers("P", 5),
        Sends(5),
        Closes(99999),
        Closes("1000"),
        Fails("refused"),
    ],
)
def test_a_letter_that_cannot_be_sent_is_refused_by_name(phx, meaning):
    with pytest.raises(UsageError, match="'m'"):
        phx.letters(m=meaning)


def test_a_letter_may_be_changed(phx, channel):
    phx.letters(j=Answers("J", response={"users": 2}))
    replies = phx.record(channel.joined)
    phx.run(server="-oj")

    assert replies.values == [{"users": 2}]
    assert replies == phx.marbles("--j")


def test_values_may_have_letters_of_their_own(phx, channel):
    states = phx.record(channel.states)
    phx.record(channel.joined)
    phx.run(server="-oj")

    names = {"c": "closed", "i": "joining", "d": "joined"}
    assert states == phx.marbles("(ci)-d", names)


def test_a_letter_that_answers_no_letter_is_refused(phx):
    with pytest.raises(UsageError, match="'a' answers 'Z', which is not a client let"):
        phx.letters(a=Answers("Z"))


@pytest.mark.parametrize("letter", ["-", "7", "ab"])
def test_a_character_with_a_meaning_cannot_be_a_letter(phx, letter):
    with pytest.raises(UsageError, match="cannot be a letter"):
        phx.letters({letter: Says("news")})


def test_an_undefined_letter_is_not_a_value(phx):
    with pytest.raises(MarbleError, match="'q' is not a letter of this lane"):
        phx.marbles("-q")


def test_a_tick_can_be_set(phx, channel):
    phx.tick = 1
    replies = phx.record(channel.joined)
    phx.run(server="-oj")

    phx.expect_client("*J")
    assert replies == phx.marbles("--j")
    assert (phx.tick, phx.clock) == (1, 3)


@pytest.mark.parametrize("tick", [0, -0.1, float("nan"), "0.1"])
def test_a_tick_takes_time(phx, tick):
    with pytest.raises(UsageError, match=r"phx\.tick must be .*, got"):
        phx.tick = tick

    assert phx.tick == 0.1


# The socket


def test_the_delays_are_exact(phx):
    lifecycle = phx.record(phx.socket.lifecycle)
    phx.socket.connect()
    phx.run(server="f 0.2s f 0.4s f 0.9s f")

    delays = [event.delay for event in lifecycle.values if isinstance(event, Retrying)]
    assert delays == [0.25, 0.5, 1, 2]


def test_a_test_may_ask_for_jitter(phx):
    phx.use(reconnect=Reconnect(Backoff(1, 2, 30, "full")), random=lambda: 0.25)
    lifecycle = phx.record(phx.socket.lifecycle)
    phx.socket.connect()
    phx.run(server="f")

    assert lifecycle.values[-1] == Retrying(1, 0.25)


def test_a_test_may_choose_any_option_of_the_socket(phx):
    phx.use(
        url="ws://other.test/socket",
        params={"token": "t"},
        heartbeat=Heartbeat(5, 1),
        serializer=SerializerV2(),
    )
    phx.socket.connect()
    phx.run(server="o 5s ---")

    phx.expect_client("* 4.9s h")
    endpoint = phx.transport.attempt.endpoint
    assert (endpoint.url, endpoint.params) == ("ws://other.test/socket", {"token": "t"})


def test_options_come_before_the_first_use(phx):
    phx.socket  # noqa: B018 - the first use

    with pytest.raises(UsageError, match=r"used already: call phx\.use\(\) earlier"):
        phx.use(timeout=1)


def test_a_socket_made_by_the_application_has_the_same_lanes(phx):
    socket = Socket(
        "ws://app.test/socket", transport=phx.transport, scheduler=phx.scheduler
    )
    phx.record(socket.channel("room:1").joined)
    phx.run(server="-oj-C")

    phx.expect_client("*J--!")


def test_the_running_loop_is_the_virtual_one(phx):
    assert asyncio.get_running_loop() is phx.scheduler.loop

    socket = Socket("ws://app.test/socket", transport=phx.transport)
    socket.connect()
    phx.run(server="-o")

    assert socket.state == "open"
    phx.wait_for(socket.aclose())


# Time


def test_callbacks_may_await_for_an_hour(phx, channel):
    done = []

    async def work(payload):
        await asyncio.sleep(3600)
        done.append(phx.clock)

    phx.answers("h")
    phx.letters(m=Says("news"))
    channel.on("news", work)
    phx.record(channel.joined)
    phx.run(server="-ojm 1h -")

    assert done == [3600.3]


def test_a_test_waits_for_an_awaitable_in_virtual_time(phx, channel):
    phx.answers("*J")

    async def app():
        await channel.join()
        await asyncio.sleep(5)
        return "done"

    assert phx.wait_for(app()) == "done"
    assert phx.clock == 5


def test_a_wait_raises_the_error_of_its_awaitable(phx, channel):
    phx.answers("*Jh")
    phx.record(channel.joined)
    phx.run(server="-")

    with pytest.raises(PushTimeout):
        phx.wait_for(channel.push("ping"))

    assert phx.clock == 10.1


def test_a_wait_ends_after_a_day_with_both_lanes_and_the_armed_timers(phx, channel):
    phx.answers("*Jh")
    phx.wait_for(channel.join())

    with pytest.raises(UsageError) as raised:
        phx.wait_for(channel.events("x").pipe(ops.first()))

    first, server, client, armed, *timers = str(raised.value).splitlines()
    assert first.startswith("Observable, awaited in test_a_wait_ends_after_a_day")
    assert first.endswith("did not end within 24h")
    assert (server[:12], client[:12]) == ("    server  ", "    client  ")
    assert client.count("h") > 5
    assert armed == "still armed:"
    assert [timer[:4] for timer in timers] == ["  - "] * len(timers)
    assert phx.clock == 86400


@pytest.mark.parametrize(
    ("within", "words"),
    [("1m 30s", "1m 30s"), (90, "90 s"), (timedelta(seconds=90), "90 s")],
)
def test_a_wait_can_have_a_limit(phx, channel, within, words):
    phx.answers("*Jh")
    phx.wait_for(channel.join())

    with pytest.raises(UsageError, match=f"did not end within {words}"):
        phx.wait_for(channel.events("x").pipe(ops.first()), within=within)


def test_a_wait_that_never_ends_has_no_armed_timer(phx):
    async def wait():
        await asyncio.Event().wait()

    with pytest.raises(UsageError, match="no timer is armed") as raised:
        phx.wait_for(wait())

    assert "still armed" not in str(raised.value)


MISTAKES = {
    "what phx.wait_for waits for must be awaitable": lambda phx: phx.wait_for(None),
    "a recorded stream must be an Observable": lambda phx: phx.record([1]),
    "a lane must be text": lambda phx: phx.run(server=["o"]),
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_wrong_argument_is_refused_by_name(phx, words):
    with pytest.raises(UsageError, match=words):
        MISTAKES[words](phx)


@pytest.mark.parametrize("within", ["soon", "90x", "", "-"])
def test_the_limit_of_a_wait_is_a_duration(phx, within):
    with pytest.raises(MarbleError, match="within must be a duration such as"):
        phx.wait_for(phx.socket.connect(), within=within)


@pytest.mark.parametrize("within", [None, -1, b"5m"])
def test_the_limit_of_a_wait_is_seconds_or_a_text(phx, within):
    with pytest.raises(UsageError, match="within must be"):
        phx.wait_for(phx.socket.connect(), within=within)


def test_operators_of_recorded_streams_take_their_time_from_the_test(phx):
    ticks = phx.record(reactivex.interval(1).pipe(ops.take(2)))
    phx.run(server=" 3s ")

    assert ticks == phx.marbles(" 1s a 0.9s (b|)", {"a": 0, "b": 1})


def test_a_kept_object_is_disposed_at_the_end(phx):
    class Dashboard:
        def __init__(self, socket):
            self.shown = []
            news = socket.channel("room:1").stream("news")
            self.dispose = news.subscribe(self.shown.append).dispose

    dashboard = phx.keep(Dashboard(phx.socket))
    phx.letters(m=Says("news", 1))
    phx.run(server="-ojm")

    assert dashboard.shown == [1]


def test_a_day_takes_less_than_a_second(phx, channel):
    phx.answers("*Jh")
    channel.join()
    states = phx.record(phx.socket.states)
    for hour in (6, 12, 18):
        phx.at(hour * 3600, lambda: phx.transport.connection.lose())  # noqa: PLW0108 - the latest
    phx.run(server=" 24h ")

    assert states.values.count("open") == 4
    assert channel.state == "joined"
    assert len(phx.sent("J")) == 4
    assert len(phx.sent("h")) == pytest.approx(24 * 3600 / 25, abs=4)


def test_a_lane_that_ends_in_a_jump_includes_the_instant_that_it_reaches(phx):
    phx.use(heartbeat=None)
    phx.answers("*J")
    room, late = phx.socket.channel("r"), []
    room.join()
    room.push("x", timeout=1).receive("timeout", lambda _: late.append(phx.clock))

    phx.run(server=" 1s ")

    assert late == [1.0]


def test_a_lane_that_ends_in_a_character_ends_before_the_next_tick(phx):
    called = []
    phx.at(0.2, lambda: called.append(phx.clock))

    phx.run(server="--")
    assert called == []
    phx.run(server="-")

    assert called == [0.2]


def test_a_comparison_that_fails_at_the_end_of_a_lane_says_so(phx):
    phx.use(heartbeat=None, reconnect=Reconnect(Backoff(0.2)))
    phx.answers("*")
    seen = phx.record(phx.socket.states.pipe(ops.delay(0.2)))
    phx.socket.connect()
    phx.run(server="--")

    hint = r"due at 0.2s, the lane ended there: .* unless it ends in a jump"
    with pytest.raises(AssertionError, match=hint):
        phx.expect_client("*-*")
    assert re.search(hint, "\n".join(explain(seen, phx.marbles("--a", {"a": "x"}))))
    phx.run(server="-")
    with pytest.raises(AssertionError) as failure:
        phx.expect_client("*-*")
    assert "the lane ended there" not in str(failure.value)
    assert len(seen) > 0


def test_each_transport_of_a_fallback_has_a_lane(phx):
    phx.use(
        transport=FallbackTransport(FakeTransport(), FakeTransport(), after=1.0),
        reconnect=Reconnect(Backoff(0.5)),
        heartbeat=None,
    )
    phx.socket.connect()

    phx.run(server="-f", then="-o")
    phx.expect_client("*-", then="-*")

    assert phx.socket.state == "open"
    assert len(phx.server.connections) == 1


def test_a_step_up_is_told_in_lanes(phx):
    phx.use(
        transport=FallbackTransport(FakeTransport(), FakeTransport()),
        heartbeat=None,
    )
    room = phx.socket.channel("room:1")
    replies = phx.record(room.joined)
    phx.answers("h")

    phx.run(server="-f 59.9s -o--oj-", then="-oj")

    # The second trial is the connection that stays.
    assert phx.times("*")[:3] == [0, 0.1, 60.1]
    assert len(phx.server.connections) == 3
    assert len(replies) == 2


def test_a_lane_of_a_second_transport_needs_one(phx):
    with pytest.raises(UsageError, match="a lane for a second transport needs one"):
        phx.run(server="-", then="-o")


def test_a_fake_transport_of_the_test_gets_the_lanes(phx):
    transport = FakeTransport(answers_close=False)
    phx.use(transport=transport).socket.connect()

    phx.run(server="-o")

    assert phx.transport is transport
    assert phx.socket.state == "open"
    phx.wait_for(phx.socket.disconnect())
