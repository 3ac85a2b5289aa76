"""Pushes that are too large for the server."""

import pytest
import reactivex

from rx_phoenix import ConnectionLost, Reconnect, Rejoin
from rx_phoenix.operators import push_each, retry_with_backoff
from tests.operators.recording_observer import RecordingObserver

TEXT = "push 'x' to 'room:1' is too large for the server, got 1,030 bytes: "


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def steady(make_stage):
    return make_stage(reconnect=Reconnect(float))


def sizes(stage):
    """The sizes of the payloads of the pushes that reached the server."""
    return [len(message.payload["n"]) for message in stage.server.sent("x")]


@pytest.mark.parametrize(
    "policy",
    [float, Reconnect(float), Rejoin(float)],
    ids=lambda policy: type(policy).__name__,
)
def test_the_largest_push_in_flight_is_not_sent_again(steady, notes, policy):
    channel = steady.joined()
    again, large = retry_with_backoff(policy), RecordingObserver()
    requests = [channel.request("x", {"n": n * "x"}) for n in (10, 999, 100)]
    leases = [
        request.pipe(again).subscribe(observer, scheduler=steady.scheduler)
        for request, observer in zip(requests, [notes, large, notes], strict=True)
    ]
    steady.server.close(1009)
    steady.wait(1)
    steady.open()
    steady.answer("phx_join")
    steady.wait(1)
    for lease in leases:
        lease.dispose()

    assert sizes(steady) == [10, 999, 100, 10, 100]
    (error,) = large.errors
    assert isinstance(error, ConnectionLost)
    assert error.code == 1009
    assert TEXT in str(error)
    assert notes.errors == []


def test_a_sink_does_not_send_it_again_either(steady, notes):
    sink = push_each(steady.joined(), "x", again=True, scheduler=steady.scheduler)
    reactivex.of({"n": 999 * "x"}).pipe(sink).subscribe(notes)
    steady.server.close(1009)
    steady.wait(1)

    assert [TEXT in str(error) for error in notes.errors] == [True]


def test_the_others_are_ordinary_losses(steady):
    channel, other = steady.joined(), steady.joined("room:2")
    small, large = channel.push("x", {"n": 1}), other.push("x", {"n": "much more"})
    errors = []
    for push in small, large:
        push.subscribe(on_error=errors.append)
    steady.server.close(1009, "too big")

    assert [str(error).startswith("the connection was lost") for error in errors] == [
        True,
        True,
    ]
    assert "push 'x' to 'room:2' is too large" in str(errors[0])
    assert errors[1].reason == "too big"
    assert (small.status, large.status) == ("lost", "lost")


def test_bytes_count_and_not_characters(steady, notes):
    channel = steady.joined()
    channel.push("x", {"n": "aaaa"})
    channel.push("x", {"n": "üüü"}).subscribe(notes)
    steady.server.close(1009)

    assert "is too large for the server" in str(notes.errors[0])


def test_a_push_that_was_not_sent_goes_out_with_the_next_join(steady):
    steady.joined()
    waiting = steady.channel("room:2")
    waiting.join()
    push = waiting.push("x", {"n": 100 * "x"})
    steady.server.close(1009)
    steady.wait(1)
    steady.open()

    assert not push.is_settled
    push.cancel()


@pytest.mark.parametrize("end", ["other code", "our own limit", "our own close"])
def test_without_a_refusal_of_the_server_all_are_ordinary_losses(steady, notes, end):
    steady.joined().push("x", {"n": 1}).subscribe(notes)
    if end == "other code":
        steady.server.close(1011, "why")
    elif end == "our own limit":
        lost = ConnectionLost(1009, "why", clean=False)
        steady.transport.attempt.observer.on_error(lost)
    else:
        steady.socket.disconnect(1009, "why")

    assert notes.errors[0].reason == "why"


def test_a_payload_that_was_spoiled_since_is_not_the_largest(steady, notes):
    channel = steady.joined()
    payload = {"n": 100 * "x"}
    channel.push("x", payload).subscribe(notes)
    payload["n"] = object()
    channel.push("x", {"n": 1})
    steady.server.close(1009, "why")
    payload["n"] = 100 * "x"

    assert notes.errors[0].reason == "why"
