"""Where each thing that happens leads from each state."""

import pytest


def say(event):
    def act(stage, channel):
        ref = stage.server.last("phx_join").ref
        stage.receive(event, join_ref=ref, ref=ref)

    return act


CHANNEL = {
    "a join": lambda stage, channel: channel.join(),
    "a leave": lambda stage, channel: channel.leave(),
    "an ok": lambda stage, channel: stage.answer("phx_join"),
    "a refusal": lambda stage, channel: stage.answer("phx_join", "error"),
    "an ok of the leave": lambda stage, channel: stage.answer("phx_leave"),
    "10 s of silence": lambda stage, channel: stage.wait(10),
    "a phx_error": say("phx_error"),
    "a phx_close": say("phx_close"),
    "a lost connection": lambda stage, channel: stage.lose(),
    "the socket's end": lambda stage, channel: stage.socket.aclose(),
}


@pytest.mark.parametrize(
    ("state", "happening", "arrival"),
    [
        ("closed", "a join", "joining"),
        ("joining", "an ok", "joined"),
        ("joining", "a refusal", "errored"),
        ("joining", "10 s of silence", "errored"),
        ("joining", "a phx_error", "errored"),
        ("joining", "a phx_close", "closed"),
        ("joining", "a lost connection", "errored"),
        ("joining", "a leave", "leaving"),
        ("joining", "the socket's end", "closed"),
        ("joined", "an ok", "joined"),
        ("joined", "a phx_error", "errored"),
        ("joined", "a phx_close", "closed"),
        ("joined", "a lost connection", "errored"),
        ("joined", "a leave", "leaving"),
        ("joined", "the socket's end", "closed"),
        ("errored", "a join", "joining"),
        ("errored", "a leave", "closed"),
        ("errored", "an ok", "errored"),
        ("errored", "a lost connection", "errored"),
        ("errored", "the socket's end", "closed"),
        ("leaving", "an ok of the leave", "closed"),
        ("leaving", "10 s of silence", "closed"),
        ("leaving", "a phx_error", "closed"),
        ("leaving", "a phx_close", "closed"),
        ("leaving", "a lost connection", "closed"),
        ("leaving", "the socket's end", "closed"),
    ],
)
def test_a_step_in_the_life_of_a_channel(stage, state, happening, arrival):
    channel, states = stage.channel_in(state), []
    channel.states.subscribe(states.append)

    CHANNEL[happening](stage, channel)

    assert list(dict.fromkeys(states)) == list(dict.fromkeys([state, arrival]))


def test_a_crashed_channel_may_still_be_closed_by_the_server(stage):
    channel = stage.channel_in("joined")
    say("phx_error")(stage, channel)

    say("phx_close")(stage, channel)

    assert channel.state == "closed"


def test_a_join_that_was_not_sent_needs_no_leave(stage):
    channel = stage.channel()
    channel.join().mark_seen()

    channel.leave()

    assert channel.state == "closed"


SOCKET = {
    "connect": lambda stage: stage.socket.connect(),
    "disconnect": lambda stage: stage.socket.disconnect(),
    "an open": lambda stage: stage.open(),
    "a failure": lambda stage: stage.fail(),
    "a loss": lambda stage: stage.lose(),
    "a close of the server's": lambda stage: stage.server.close(),
    "the server's answer": lambda stage: stage.transport.connection.finish_close(),
    "2 s of silence": lambda stage: stage.wait(2),
}


@pytest.mark.parametrize(
    ("steps", "arrival"),
    [
        ([], "closed"),
        (["connect"], "connecting"),
        (["connect", "an open"], "open"),
        (["connect", "a failure"], "closed"),
        (["connect", "disconnect"], "closed"),
        (["connect", "an open", "a loss"], "closed"),
        (["connect", "an open", "a close of the server's"], "closed"),
        (["connect", "an open", "disconnect"], "closing"),
        (["connect", "an open", "disconnect", "the server's answer"], "closed"),
        (["connect", "an open", "disconnect", "2 s of silence"], "closed"),
        (["connect", "an open", "disconnect", "connect"], "connecting"),
    ],
)
def test_the_life_of_a_socket(make_stage, steps, arrival):
    stage = make_stage(answers_close=False)
    for step in steps:
        SOCKET[step](stage)

    assert stage.socket.state == arrival
