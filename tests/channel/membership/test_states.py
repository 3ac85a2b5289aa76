"""A channel in each state, and what it makes of each thing that happens."""

import pytest

from rx_phoenix import ConnectError, NotJoinedError
from tests.conformance.harness import hook_calls

STATES = ("closed", "joining", "joined", "errored", "leaving")


def say(event):
    """Let the server's channel of the newest join say something."""

    def act(stage, channel):
        joins = stage.server.sent("phx_join")
        ref = joins[-1].ref if joins else "1"
        stage.receive(event, {"reason": "x"}, join_ref=ref, ref=ref)

    return act


def answer(event, status="ok"):
    def act(stage, channel):
        if stage.server.sent(event):
            stage.answer(event, status)

    return act


HAPPENINGS = {
    "join()": lambda stage, channel: channel.join(),
    "leave()": lambda stage, channel: channel.leave(),
    "lease": lambda stage, channel: channel.joined.subscribe(on_error=lambda _: None),
    "join answered": answer("phx_join"),
    "join refused": answer("phx_join", "error"),
    "phx_error": say("phx_error"),
    "phx_close": say("phx_close"),
    "loss": lambda stage, channel: stage.lose(),
    "disconnect()": lambda stage, channel: stage.socket.disconnect(),
    "5 s": lambda stage, channel: stage.wait(5),
    "10 s": lambda stage, channel: stage.wait(10),
    "aclose()": lambda stage, channel: stage.socket.aclose(),
}

# What comes of each, in the columns' states.

TABLE = """
                closed   joining  joined   errored  leaving
join()          joining  joining  joined   joining  leaving
leave()         closed   leaving  leaving  closed   leaving
lease           joining  joining  joined   errored  leaving
join answered   closed   joined   joined   errored  leaving
join refused    closed   errored  joined   errored  leaving
phx_error       closed   errored  errored  errored  closed
phx_close       closed   closed   closed   errored  closed
loss            closed   errored  errored  errored  closed
disconnect()    closed   errored  errored  errored  closed
5 s             closed   joining  joined   joining  leaving
10 s            closed   errored  joined   joining  closed
aclose()        closed   closed   closed   closed   closed
"""


def cells():
    header, *rows = TABLE.strip("\n").splitlines()
    states = header.split()
    for row in rows:
        words = row.split()
        happening = " ".join(words[: -len(states)])
        for state, arrival in zip(states, words[-len(states) :], strict=True):
            yield state, happening, arrival


@pytest.mark.case(127)
@pytest.mark.case(121)
@pytest.mark.case(115)
@pytest.mark.parametrize(("state", "happening", "arrival"), [*cells()])
def test_what_comes_of_it(stage, channel_in, state, happening, arrival):
    channel = channel_in(state)
    states = []
    channel.states.subscribe(states.append)
    HAPPENINGS[happening](stage, channel)

    assert channel.state == arrival
    assert list(dict.fromkeys(states)) == list(dict.fromkeys([state, arrival]))


def test_every_state_and_every_happening_has_a_cell():
    assert {state for state, _, _ in cells()} == set(STATES)
    assert {happening for _, happening, _ in cells()} == set(HAPPENINGS)


@pytest.mark.case(162)
@pytest.mark.defect(14)
@pytest.mark.case(145)
@pytest.mark.parametrize("state", ["closed", "leaving"])
def test_a_push_where_nobody_wants_to_be_is_refused_at_the_call(
    stage, channel_in, state
):
    channel = channel_in(state)
    with pytest.raises(NotJoinedError) as raised:
        channel.push("shout")

    assert stage.server.sent("shout") == []
    assert str(raised.value) == (
        f"cannot push 'shout' to 'room:1', which is {state}: call join() first, or "
        "subscribe to its stream() or joined"
    )


@pytest.mark.parametrize("state", ["joining", "errored"])
def test_a_push_where_somebody_wants_to_be_waits_for_the_join(stage, channel_in, state):
    channel = channel_in(state)
    push = channel.push("shout")
    stage.wait(1)
    stage.answer("phx_join")
    stage.answer("shout")

    assert push.status == "ok"


def test_a_push_while_it_is_left_and_wanted_again_waits_for_the_next_join(
    stage, channel_in
):
    channel = channel_in("leaving")
    channel.join()
    push = channel.push("shout")
    stage.answer("phx_leave")
    before = push.status
    stage.answer("phx_join")
    stage.answer("shout")

    assert (before, push.status) == (None, "ok")
    assert stage.server.last("shout").join_ref == stage.server.last("phx_join").ref


# A failed attempt to connect.


@pytest.mark.case(178)
def test_a_failed_attempt_is_an_error_of_a_channel_that_waits(stage):
    channel, reasons = stage.channel(), []
    channel.on_error(reasons.append)
    join = channel.join()
    calls = hook_calls(join)
    stage.fail(ConnectError("refused"))
    before = channel.state
    stage.wait(0.01)
    stage.open()
    stage.answer("phx_join")

    assert before == "errored"
    assert reasons == [{"source": "transport", "reason": "connection_error"}]
    assert calls == [("ok", {})]
    assert channel.state == "joined"


def test_an_errored_channel_errs_once_however_many_attempts_fail(stage):
    channel, reasons = stage.channel(), []
    channel.on_error(reasons.append)
    channel.join()
    for _ in range(3):
        stage.fail()
        stage.wait(1)

    assert len(reasons) == 1
