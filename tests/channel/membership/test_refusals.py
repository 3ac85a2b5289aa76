"""Joins that fail and are retried: on `refusals`, in the log, in the diagnosis."""

import logging

import pytest

from rx_phoenix import JoinRefused, PushCancelled, PushTimeout, Rejoin
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.INFO, "rx_phoenix")

    def taken():
        return [
            (record.levelname, record.phoenix_reason)
            for record in caplog.records
            if record.name == "rx_phoenix"
        ]

    return taken


def test_each_failed_join_is_on_refusals(stage, notes):
    stage.connect()
    channel = stage.channel()
    channel.refusals.subscribe(notes)
    channel.join()
    stage.answer("phx_join", "error", {"reason": "full"})
    stage.wait(1)
    stage.wait(10)
    stage.wait(2)
    stage.answer("phx_join")

    assert [type(error) for error in notes.values] == [JoinRefused, PushTimeout]
    assert notes.is_open


def test_params_that_raise_are_too(stage, notes):
    boom = RuntimeError("boom")

    def params():
        raise boom

    channel = stage.channel(params=params)
    channel.refusals.subscribe(notes)
    stage.connect()
    channel.join()

    assert [type(error) for error in notes.values] == [PushCancelled]
    assert str(notes.values[0]) in stage.socket.diagnosis()
    assert stage.unhandled == [boom]
    stage.unhandled.clear()
    channel.leave()


def test_losses_are_not(stage, notes):
    stage.connect()
    channel = stage.channel()
    channel.refusals.subscribe(notes)
    channel.join()
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.lose()

    assert notes.values == []
    channel.leave()


def test_it_completes_as_joins_does(stage, notes):
    stage.socket.remove(stage.joined())
    channel = stage.channel("room:2")
    channel.refusals.subscribe(notes)
    stage.socket.remove(channel)
    stage.answer("phx_leave")

    assert notes.completions == 1


def test_a_refusal_that_is_retried_does_not_go_to_unhandled(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()
    stage.answer("phx_join", "error", {"reason": "full"})
    channel.leave()
    del channel

    assert stage.unhandled == []


def test_the_first_refusal_and_each_change_of_reason_is_a_warning(stage, warnings):
    stage.connect()
    channel = stage.channel()
    channel.join()
    for reason in ["full", "full", "busy"]:
        stage.answer("phx_join", "error", {"reason": reason})
        stage.wait(5)
    stage.answer("phx_join", "odd", {})
    stage.wait(10)
    stage.wait(10)
    channel.leave()

    assert warnings() == [
        ("WARNING", "full"),
        ("WARNING", "busy"),
        ("WARNING", "odd"),
        ("WARNING", "no answer in time"),
    ]


def test_its_words_have_the_topic_and_the_url(stage, caplog):
    stage.connect()
    channel = stage.channel()
    channel.join()
    stage.answer("phx_join", "error", {"reason": "full"})
    channel.leave()

    assert caplog.messages[-1] == (
        "The server refuses the join of 'room:1' over ws://localhost/socket: full. "
        "The join is retried."
    )


def test_one_without_an_answer_has_other_words(stage, caplog):
    stage.connect()
    channel = stage.channel()
    channel.join()
    stage.wait(10)
    channel.leave()

    assert caplog.messages[-1] == (
        "The server does not answer the join of 'room:1' over ws://localhost/socket: "
        "no answer in time. The join is retried."
    )


def test_a_handler_of_logging_that_raises_is_reported_and_ends_nothing(
    stage, caplog, monkeypatch
):
    boom = RuntimeError("boom")

    def fail(record):
        raise boom

    monkeypatch.setattr(caplog.handler, "emit", fail)
    caplog.set_level(logging.WARNING, "rx_phoenix")
    stage.connect()
    channel = stage.channel()
    channel.join()
    stage.answer("phx_join", "error", {"reason": "full"})
    stage.wait(1)
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert stage.unhandled == [boom]
    stage.unhandled.clear()


def test_an_accepted_join_starts_that_over(stage, warnings):
    stage.connect()
    channel = stage.channel()
    channel.join()
    for _ in range(2):
        stage.answer("phx_join", "error", {"reason": "full"})
        stage.wait(2)
        stage.answer("phx_join")
        stage.say(channel, "phx_error")
        stage.wait(1)
    channel.leave()

    assert warnings() == [("WARNING", "full")] * 2


@pytest.mark.parametrize(
    "rejoin",
    [Rejoin(give_up=lambda _: True), Rejoin(attempts=1)],
    ids=["give_up", "attempts"],
)
def test_a_final_refusal_is_not_a_warning(make_stage, notes, warnings, rejoin):
    stage = make_stage(rejoin=rejoin)
    stage.connect()
    stage.channel().joined.subscribe(notes)
    stage.answer("phx_join", "error", {"reason": "full"})

    assert warnings() == []
    assert len(notes.errors) == 1


def test_one_that_nothing_observes_is(make_stage, warnings, caplog):
    stage = make_stage(rejoin=Rejoin(attempts=1))
    stage.connect()
    stage.channel().join()
    stage.answer("phx_join", "error", {"reason": "full"})

    assert warnings() == [("WARNING", "full")]
    assert "The join is not retried." in caplog.text


@pytest.mark.parametrize("answer", ["ok", "error"])
def test_a_rejoin_that_is_refused_for_good_is_too(make_stage, caplog, answer):
    are_final = []
    stage = make_stage(rejoin=Rejoin(give_up=lambda _: bool(are_final)))
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    stage.answer("phx_join", answer, {"reason": "full"})
    if answer == "ok":
        stage.say(channel, "phx_error")
    are_final.append(True)
    stage.wait(2)
    stage.answer("phx_join", "error", {"reason": "full"})

    assert channel.state == "closed"
    assert caplog.messages[-1].endswith(": full. The join is not retried.")


def test_one_that_receive_gets_is_not(make_stage, warnings):
    are_final, got = [], []
    stage = make_stage(rejoin=Rejoin(give_up=lambda _: bool(are_final)))
    stage.connect()
    channel = stage.channel()
    channel.join().receive("error", got.append)
    stage.answer("phx_join")
    stage.say(channel, "phx_error")
    are_final.append(True)
    stage.wait(2)
    stage.answer("phx_join", "error", {"reason": "full"})

    assert got == [{"reason": "full"}]
    assert warnings() == []


def test_a_session_that_is_refused_is_not_a_warning(stage, notes, warnings):
    stage.connect()
    stage.channel().session.subscribe(notes)
    stage.answer("phx_join", "error", {"reason": "full"})

    assert warnings() == []
    assert len(notes.errors) == 1


def test_the_diagnosis_lists_the_channels_that_are_to_be_joined_and_are_not(stage):
    stage.connect()
    refused, silent = stage.channel(), stage.channel("rom:lobby")
    refused.join()
    stage.answer("phx_join", "error", {"reason": "unauthorized"})
    silent.join()
    stage.joined("room:fine")
    lines = stage.socket.diagnosis().splitlines()

    assert lines[-2:] == [
        "'room:1' is not joined: unauthorized.",
        "'rom:lobby' is not joined: its join is not answered yet.",
    ]
    refused.leave()
    silent.leave()


def test_a_reason_that_repeats_a_secret_or_is_long_is_not_quoted_as_it_is(stage):
    stage.connect()
    channel = stage.channel(params={"token": "hunter2-hunter2"})
    channel.join()
    stage.answer("phx_join", "error", {"reason": "not hunter2-hunter2" + "x" * 1000})
    line = stage.socket.diagnosis().splitlines()[-1]
    channel.leave()

    assert "hunter2" not in line
    assert len(line) < 300


# Whatever is answered.


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [520, 700, 900])
def test_the_depth_of_a_refusal_ends_neither_a_push_late_nor_the_connection(
    stage, depth
):
    channel = stage.joined()
    push, leaving = channel.push("x"), stage.channel("room:2")
    push.mark_seen()
    stage.answer("x", "error", nested(depth))
    leaving.join().mark_seen()
    stage.answer("phx_join", "error", nested(depth))
    refused = leaving.state
    stage.say(channel, "phx_error", nested(depth))
    stage.wait(1)
    stage.answer("phx_join")
    leave = channel.leave()
    leave.mark_seen()
    stage.answer("phx_leave", "error", nested(depth))

    assert (push.status, push.is_settled, refused) == ("error", True, "errored")
    assert (leave.status, channel.state) == ("error", "closed")
    assert stage.socket.state == "open"
    assert len(stage.server.connections) == 1
    leaving.leave()


def test_a_crash_quotes_two_hundred_characters(stage, notes):
    channel = stage.joined()
    channel.push("x").subscribe(notes)
    stage.say(channel, "phx_error", {"x": "a" * 10_000_000})
    [error] = notes.errors
    channel.leave()

    assert len(str(error)) <= 200 + len("the channel 'room:1' crashed on the server: ")
    assert error.reason == {"x": "a" * 10_000_000}


def test_a_crash_that_repeats_the_params_hides_their_values(stage, notes):
    params = {"token": "s3cret-token-abcdef", "auth": "j0in-me", "mode": "fast"}
    stage.connect()
    channel = stage.channel(params=params)
    channel.join()
    stage.answer("phx_join")
    channel.push("x").subscribe(notes)
    stage.say(channel, "phx_error", {"params": params, "said": [*params.values()]})
    [error] = notes.errors
    channel.leave()

    assert error.reason["params"] == params
    assert "s3cret" not in f"{error} {error!r}"
    assert "j0in" not in f"{error} {error!r}"
    assert "fast" in str(error)


def test_a_close_that_repeats_the_params_of_a_join_hides_them(stage):
    stage.connect()
    channel = stage.channel(params={"auth": "joinsecret-1"})
    channel.join()
    stage.answer("phx_join")
    closes = []
    stage.socket.lifecycle.subscribe(closes.append)
    stage.server.close(4000, "denied joinsecret-1")
    channel.leave()

    assert closes[0].reason == "denied [redacted]"
    assert "joinsecret" not in stage.socket.diagnosis()
