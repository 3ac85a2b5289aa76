"""The fake server acts only as its letters direct."""

import pytest

from rx_phoenix._protocol.lifecycle import AttemptFailed, Closed
from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import ConnectError, PushRefused, UsageError
from rx_phoenix.socket import Socket
from rx_phoenix.testing import Answers, Closes, Fails, LaneError, Says


@pytest.fixture
def channel(phx):
    return phx.socket.channel("room:1")


def test_an_attempt_fails_with_the_error_of_the_letter(phx, channel):
    phx.letters(u=Fails(ConnectError("no", status=503)))
    life = phx.record(phx.socket.lifecycle)
    phx.record(channel.joined)
    phx.run(server="-u")

    assert life.values[0] == AttemptFailed(life.values[0].error, 1)
    assert life.values[0].error.status == 503


def test_each_failure_is_an_error_of_its_own(phx, channel):
    life = phx.record(phx.socket.lifecycle)
    phx.record(channel.joined)
    phx.run(server="f 0.2s f")

    failures = [event for event in life.values if isinstance(event, AttemptFailed)]
    assert len({id(event.error) for event in failures}) == 2


@pytest.mark.parametrize(
    ("letter", "closed"),
    [
        ("x", Closed(1000, "", clean=True)),
        ("#", Closed(1006, "", clean=False)),
        ("y", Closed(1012, "restart", clean=True)),
    ],
)
def test_a_connection_ends_as_its_letter_defines(phx, channel, letter, closed):
    phx.letters(y=Closes(1012, "restart"))
    life = phx.record(phx.socket.lifecycle)
    phx.record(channel.joined)
    phx.run(server=f"-oj{letter}")

    assert closed in life.values


def test_a_push_is_answered_with_any_status(phx, channel):
    phx.letters(t=Answers("P", "try_later", {"in": 3}))
    phx.record(channel.joined)
    phx.run(server="-oj")
    push = phx.record(channel.push("ping"))
    phx.run(server="-t")

    refused = PushRefused("try_later", {"in": 3})
    assert push == phx.marbles("----#", error=type(refused))
    assert (push.error.status, push.error.response) == ("try_later", {"in": 3})


def test_answers_come_in_the_order_of_the_pushes(phx, channel):
    phx.letters(p=Answers("P", response=1), q=Answers("P", response=2))
    phx.record(channel.joined)
    phx.run(server="-oj")
    first, second = (phx.record(channel.push("ping")) for _ in range(2))
    phx.run(server="-p-q")

    assert first == phx.marbles("----(p|)")
    assert second == phx.marbles("------(q|)")


def test_a_number_selects_the_push_that_is_answered(phx, channel):
    phx.record(channel.joined)
    phx.run(server="-oj")
    first, second = (phx.record(channel.push("ping")) for _ in range(2))
    phx.run(server="(p2)-(p1)")

    assert second == phx.marbles("---(p|)")
    assert first == phx.marbles("-----(p|)")


def test_a_number_selects_the_channel_that_crashes(phx):
    one = phx.record(phx.socket.channel("room:1").states)
    other = phx.record(phx.socket.channel("room:2").states)
    for topic in ("room:1", "room:2"):
        phx.record(phx.socket.channel(topic).joined)
    phx.run(server="-o(jj)-(E2)")

    assert one.values[-1] == "joined"
    assert other.values[-1] == "errored"


def test_a_number_selects_the_connection(phx, channel):
    first = Socket(
        "ws://other.test/socket",
        transport=phx.transport,
        scheduler=phx.scheduler,
        random=lambda: 0.9,
    )
    phx.keep(first.connection.subscribe())
    phx.record(channel.joined)
    phx.run(server="-(o2)")
    assert (first.state, phx.socket.state) == ("connecting", "open")

    phx.run(server="(o1)-j-(x1)")
    assert (first.state, channel.state) == ("closed", "joined")


def test_an_event_of_the_server_belongs_to_the_join(phx, channel):
    phx.letters(m=Says("news", {"n": 1}))
    messages = phx.record(channel.messages)
    phx.record(channel.joined)
    phx.run(server="-ojm")

    assert messages.values[-1] == Message("1", None, "room:1", "news", {"n": 1})


def test_a_raw_message_is_sent_unchanged(phx, channel):
    old = Message("77", None, "room:1", "news", {})
    phx.letters(m=old)
    frames = phx.record(phx.socket.frames)
    phx.record(channel.joined)
    phx.run(server="-ojm")

    assert frames == phx.marbles("--jm")


def test_a_frame_that_is_not_a_message_is_sent_unchanged(phx, channel):
    phx.letters({"%": "not a message", "$": b"\x01"})
    life = phx.record(phx.socket.lifecycle)
    phx.record(channel.joined)
    phx.run(server="-oj(%$)")

    assert [type(event).__name__ for event in life.values] == [
        "Opened",
        "ProtocolError",
        "ProtocolError",
    ]


def test_nothing_is_answered_that_the_lane_does_not_answer(phx, channel):
    joined = phx.record(channel.joined)
    phx.run(server="-o 3s")

    assert joined.values == []


def test_heartbeats_are_answered_automatically_on_request(phx):
    phx.answers("h")
    phx.socket.connect()
    phx.run(server="o 2m")

    assert phx.socket.state == "open"
    assert len(phx.sent("h")) == 4


def test_attempts_joins_and_pushes_are_answered_automatically(phx, channel):
    phx.answers("*JP")
    phx.record(channel.joined)
    push = phx.record(channel.push("ping"))
    phx.run(server="-")

    phx.expect_client("(*JP)")
    assert push == phx.marbles("(p|)")


def test_unanswered_actions_are_answered_automatically_too(phx, channel):
    phx.record(channel.joined)
    phx.answers("*")
    phx.run(server="-")
    phx.answers("J")
    phx.run(server="-")

    phx.expect_client("(*J)")
    assert channel.state == "joined"


def test_an_automatic_answer_has_the_response_of_its_letter(phx, channel):
    phx.letters(j=Answers("J", response={"users": []}))
    phx.answers("J")
    joined = phx.record(channel.joined)
    phx.run(server="o-")

    assert joined.values == [{"users": []}]


def test_a_join_on_a_lost_connection_is_not_answered(phx, channel):
    phx.answers("J")
    phx.socket.on_open(lambda: phx.transport.connection.lose())  # noqa: PLW0108 - then
    joined = phx.record(channel.joined)
    phx.run(server="o-")

    assert joined.values == []


def test_an_action_without_an_answering_letter_cannot_be_automatic(phx):
    with pytest.raises(UsageError, match="no letter of the server lane answers '!'"):
        phx.answers("!")


@pytest.mark.parametrize(("letter", "by"), [("*", "j"), ("J", "p"), ("J", "o")])
def test_a_letter_that_answers_another_cannot_answer_automatically(phx, letter, by):
    with pytest.raises(UsageError, match=f"no letter '{by}' of the server lane ans"):
        phx.answers(letter, by)


def test_attempts_and_joins_may_fail_automatically(phx, channel):
    phx.answers("*", "f")
    phx.record(channel.joined)
    phx.run(server=" 1s ")
    assert phx.times("*") == [0, 0.25, 0.75]

    phx.answers("*J", "or")
    phx.run(server=" 3s ")
    assert phx.times("J") == [1.75, 2.75]


IMPOSSIBLE = {
    "o": "'o' (open) is impossible: no attempt to connect is pending",
    "x": "'x' (closed 1000) is impossible: no connection is open",
    "E": "no connection is open",
    "p": "'p' (P answered ok) is impossible: no connection is open",
    "f": "'f' (attempt failed: refused) is impossible: no attempt to connect",
}


@pytest.mark.parametrize("letter", IMPOSSIBLE)
def test_an_impossible_letter_fails_at_its_instant(phx, letter):
    with pytest.raises(LaneError) as raised:
        phx.run(server=f"--{letter}--")

    assert IMPOSSIBLE[letter] in str(raised.value)
    assert phx.clock == 0.2


def test_an_answer_without_a_push_fails_and_shows_both_lanes(phx, channel):
    phx.record(channel.joined)

    with pytest.raises(LaneError) as raised:
        phx.run(server="-oj-p")

    assert str(raised.value).splitlines() == [
        "'p' (P answered ok) is impossible: no P (push) awaits an answer",
        "    server  -oj-p",
        "    client  *J---",
        "                ^",
        "at 0.4s",
    ]


def test_a_failure_shows_what_the_client_did_at_that_instant(phx, channel):
    phx.at(0.3, lambda: channel.push("ping"))
    phx.record(channel.joined)

    with pytest.raises(LaneError) as raised:
        phx.run(server="-oj(pp)")

    assert str(raised.value).splitlines()[-2:] == [
        "at 0.3s",
        '    client  P  ["1","2","room:1","ping",{}]',
    ]
