"""Tapes written as tests, which are then run."""

import json

import pytest

from rx_phoenix import UsageError
from rx_phoenix._channel.rejoin import RejoinTimer
from rx_phoenix.testing import LaneError, read_tape
from rx_phoenix.testing._marbles.transcript import written_as_test


def line(kind, at, message=None, **more):
    entry = {"kind": kind, "at": at, **more}
    return json.dumps(entry | ({"message": message} if message else {}))


def sent(at, ref, topic, event, payload=None, join_ref=None):
    return line("sent", at, [join_ref or ref, ref, topic, event, payload or {}])


def replied(at, ref, topic, response, status="ok"):
    payload = {"status": status, "response": response}
    return line("received", at, [ref, ref, topic, "phx_reply", payload])


def said(at, join_ref, topic, event, payload, ref=None):
    return line("received", at, [join_ref, ref, topic, event, payload])


OUTAGE = [
    line("opened", 0.00003),
    sent(0.001, "1", "room:a", "phx_join", {"me": 1}),
    replied(0.002, "1", "room:a", {"n": 1}),
    said(0.2, "1", "room:a", "tick", {"k": 1}),
    said(0.21, "1", "room:a", "phx_error", {"reason": "crash"}, ref="1"),
    said(0.3, "1", "room:a", "tick", {"k": "of an older join"}),
    sent(1.1, "2", "room:a", "phx_join", {"me": 1}),
    replied(1.2, "2", "room:a", {"n": 2}),
    sent(30.0, "3", "phoenix", "heartbeat"),
    line("closed", 40.3, code=1012, reason="restart"),
    line("opened", 47.9),
    sent(47.9, "4", "room:a", "phx_join", {"me": 1}),
    replied(47.95, "4", "room:a", {"reason": "not yet"}, "error"),
    sent(49.1, "5", "room:a", "phx_join", {"me": 1}),
    replied(49.2, "5", "room:a", {"n": 3}),
    said(49.4, "5", "room:a", "tick", {"k": 2}),
    line("closed", 60.0, code=1000, reason=""),
]


def run_test(lines, phx):
    """Run the test that is written for a tape."""
    text = written_as_test(read_tape(lines))
    names = {}
    exec(compile(text, "test_tape.py", "exec"), names)
    names["test_the_recording"](phx)
    return text


def test_a_recorded_outage_passes_against_the_client_that_lived_through_it(phx):
    text = run_test(OUTAGE, phx)

    assert "assert room_a_replies.values == [{'n': 1}, {'n': 2}, {'n': 3}]" in text
    assert "assert heard_0.values == [{'k': 1}, {'k': 2}]" in text
    assert phx.clock > 49


def test_it_fails_against_a_client_that_does_not_rejoin(phx, monkeypatch):
    monkeypatch.setattr(RejoinTimer, "schedule", lambda _: None)

    with pytest.raises(LaneError, match="awaits an answer"):
        run_test(OUTAGE, phx)


def test_pushes_and_leaves_are_calls_whose_answers_find_them(phx):
    tape = [
        line("opened", 0.0),
        sent(0.0, "1", "a", "phx_join"),
        replied(0.0, "1", "a", {}),
        sent(0.5, "2", "a", "save", {"n": 1}, "1"),
        sent(0.5, "3", "a", "save", {"n": 2}, "1"),
        replied(0.7, "3", "a", {"id": 2}),
        replied(0.7, "2", "a", {"id": 1}, "odd"),
        said(0.8, None, "a", "saved", {"id": 2}),
        sent(1.0, "4", "b:1", "phx_join"),
        replied(1.0, "4", "b:1", {}),
        sent(2.0, "5", "a", "phx_leave", None, "1"),
        replied(2.0, "5", "a", {}),
    ]

    text = run_test(tape, phx)

    assert [message.payload for message in phx.sent()] == [{"n": 1}, {"n": 2}]
    assert len(phx.sent("L")) == 1
    assert 'assert b_1.state == "joined"' in text
    assert "assert a.state" not in text


def test_a_tape_of_many_events_has_enough_letters(phx):
    tape = [
        line("opened", 0.0),
        sent(0.0, "1", "1: class", "phx_join"),
        replied(0.0, "1", "1: class", {}),
        *(said(n / 100, "1", "1: class", "tick", n) for n in range(200)),
    ]

    text = run_test(tape, phx)

    assert "channel_1_class = phx.socket.channel('1: class', {})" in text
    assert "assert len(heard_0.values) == 200" in text


def test_a_tape_without_a_join_is_refused():
    with pytest.raises(UsageError, match="no join"):
        written_as_test(read_tape([line("opened", 0.0)]))


def test_a_join_that_timed_out_is_no_leave_of_the_user(phx):
    text = run_test(
        [
            line("opened", 0.0),
            sent(0.01, "1", "room:a", "phx_join"),
            sent(1.01, "2", "room:a", "phx_leave", join_ref="1"),
            sent(2.1, "3", "room:a", "phx_join"),
            replied(2.2, "3", "room:a", {"n": 1}),
        ],
        phx,
    )

    assert "leave()" not in text
    assert "assert room_a_replies.values == [{'n': 1}]" in text


def test_a_call_may_be_the_last_of_the_recording(phx):
    run_test(
        [
            line("opened", 0.0),
            sent(0.01, "1", "room:a", "phx_join"),
            replied(0.02, "1", "room:a", {}),
            sent(7.0, "2", "room:a", "save", {"n": 1}, join_ref="1"),
        ],
        phx,
    )

    assert [push.payload for push in phx.sent()] == [{"n": 1}]
