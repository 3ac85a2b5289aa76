"""What follows a failed attempt or a lost connection."""

import pytest

from rx_phoenix import (
    AttemptFailed,
    Backoff,
    Closed,
    ConnectError,
    ConnectionLost,
    GaveUp,
    Reconnect,
    Retrying,
)

PHOENIX_TABLE = [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5, 5]


class Table:
    """phoenix.js's table, and what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, attempt):
        self.asked.append(attempt)
        return Backoff.phoenix_reconnect()(attempt)


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def asked_stage(make_stage, table):
    """A stage whose table keeps what it was asked."""
    return make_stage(reconnect=Reconnect(table, stable=30))


@pytest.mark.case(49)
def test_the_waits_between_failures_follow_the_table(stage):
    stage.socket.connect()
    stage.fail()

    waits = []
    for _ in PHOENIX_TABLE:
        before, attempts = stage.scheduler.clock, stage.attempts
        while stage.attempts == attempts:
            stage.scheduler.advance_to(stage.scheduler.pending[0].when())
        waits.append(round(stage.scheduler.clock - before, 9))
        stage.fail()

    assert waits == PHOENIX_TABLE


@pytest.mark.case(50)
def test_a_function_of_delays_is_asked_by_the_number_of_the_retry(asked_stage, table):
    asked_stage.socket.connect()
    for _ in range(3):
        asked_stage.fail()
        asked_stage.wait(1)

    assert table.asked == [1, 2, 3]


@pytest.mark.case(50)
@pytest.mark.case(51)
@pytest.mark.defect(8)
def test_a_mere_open_does_not_start_the_delays_over(asked_stage, table):
    asked_stage.socket.connect()
    for _ in range(3):
        asked_stage.open()
        asked_stage.wait(29.9)
        asked_stage.lose()
        asked_stage.wait(1)

    assert table.asked == [1, 2, 3]


@pytest.mark.case(50)
@pytest.mark.case(51)
@pytest.mark.defect(8)
def test_a_connection_that_lasts_starts_the_delays_over(asked_stage, table):
    asked_stage.socket.connect()
    for _ in range(3):
        asked_stage.open()
        asked_stage.wait(30)
        asked_stage.lose()
        asked_stage.wait(1)

    assert table.asked == [1, 1, 1]


@pytest.mark.case(51)
@pytest.mark.defect(8)
@pytest.mark.parametrize(("lasted", "next_retry"), [(4.9, 3), (5.0, 1)])
def test_delays_start_over_five_seconds_after_a_join_was_answered(
    asked_stage, table, lasted, next_retry
):
    asked_stage.socket.connect()
    for _ in range(2):
        asked_stage.fail()
        asked_stage.wait(1)
    asked_stage.open()
    asked_stage.channel().join()
    asked_stage.wait(1)
    asked_stage.answer("phx_join")

    asked_stage.wait(lasted)
    asked_stage.lose()

    assert table.asked == [1, 2, next_retry]


@pytest.mark.case(53)
@pytest.mark.case(55)
@pytest.mark.defect(2)
@pytest.mark.parametrize("code", [1000, 1001, 1002, 1006, 1011, 1012, 1013, 4000])
def test_whatever_the_servers_close_code_we_reconnect(stage, code):
    stage.connect()

    stage.server.close(code)
    stage.scheduler.advance_before(0.01)
    assert stage.attempts == 1
    stage.wait_until(0.01)

    assert stage.attempts == 2


@pytest.mark.case(55)
@pytest.mark.defect(3)
def test_a_close_for_a_violated_policy_is_final(stage):
    happened = []
    stage.socket.lifecycle.subscribe(happened.append)
    stage.connect()

    stage.server.close(1008, "forbidden")
    stage.wait(60)

    assert stage.attempts == 1
    closed, gave_up = happened[-2:]
    assert closed == Closed(1008, "forbidden", clean=True)
    assert (gave_up.error.code, gave_up.error.reason) == (1008, "forbidden")


@pytest.mark.defect(2)
def test_a_close_code_can_be_made_final(make_stage):
    def give_up(error):
        return isinstance(error, ConnectionLost) and error.code == 4001

    stage = make_stage(
        reconnect=Reconnect(Backoff.phoenix_reconnect(), give_up=give_up)
    )
    stage.connect()

    stage.server.close(4001)
    stage.wait(60)

    assert stage.attempts == 1


@pytest.mark.case(57)
def test_after_a_close_channels_err_first_and_then_the_socket_tells(stage):
    channel, story = stage.joined(), []
    channel.on_error(lambda _: story.append("channel erred"))
    stage.socket.on_close(lambda _: story.append(f"closed, {channel.state}"))
    stage.socket.lifecycle.subscribe(lambda event: story.append(type(event).__name__))

    stage.lose()

    assert story == ["channel erred", "closed, errored", "Closed", "Retrying"]


@pytest.mark.case(57)
def test_the_retry_is_arranged_before_the_close_is_told(stage):
    stage.connect()
    stage.socket.on_close(lambda _: stage.socket.disconnect())

    stage.lose()
    stage.wait(60)

    assert stage.attempts == 1


@pytest.mark.case(58)
def test_after_a_failed_attempt_channels_err_first_and_then_the_socket_tells(stage):
    channel, story = stage.channel(), []
    channel.join().mark_seen()
    channel.on_error(lambda reason: story.append(reason["reason"]))
    stage.socket.on_error(lambda error: story.append(str(error)))
    stage.socket.on_close(story.append)

    stage.fail(ConnectError("refused"))

    assert story == ["connection_error", "refused"]


@pytest.mark.case(59)
def test_an_error_is_told_with_the_attempt_it_ended(stage):
    failures, errors = [], []
    stage.socket.lifecycle.subscribe(
        lambda event: (
            failures.append(event.attempt) if isinstance(event, AttemptFailed) else None
        )
    )
    stage.socket.on_error(errors.append)
    stage.socket.connect()

    for number in range(3):
        stage.fail(ConnectError(f"no {number}"))
        stage.wait(1)

    assert failures == [1, 2, 3]
    assert [str(error) for error in errors] == ["no 0", "no 1", "no 2"]


@pytest.mark.case(63)
@pytest.mark.defect(23)
def test_a_function_of_params_that_raises_is_a_failed_attempt(make_stage):
    answers = [{}, ValueError("no params today"), {}]

    def params():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    stage = make_stage(params=params)
    errors = []
    stage.socket.on_error(errors.append)
    stage.connect()

    stage.lose()
    stage.wait(0.01)
    assert stage.attempts == 1
    stage.wait(0.05)

    assert stage.attempts == 2
    (error,) = errors
    assert str(error.__cause__) == "no params today"


@pytest.mark.case(66)
@pytest.mark.case(67)
@pytest.mark.case(196)
@pytest.mark.defect(22)
def test_callbacks_that_raise_stop_neither_a_connection_nor_a_rejoin(stage):
    channel, closes, failure = stage.channel(), [], ValueError("mine")

    def fail(*_):
        raise failure

    stage.socket.on_open(fail)
    stage.socket.on_close(fail)
    stage.socket.on_close(closes.append)
    channel.on_error(fail)
    stage.joined()

    stage.lose()
    stage.wait(0.01)
    stage.open()
    stage.answer("phx_join")

    assert channel.state == "joined"
    stage.lose()
    assert len(closes) == 2
    assert stage.unhandled == [failure] * 6  # each of the three, twice
    stage.unhandled.clear()


@pytest.mark.defect(3)
@pytest.mark.defect(4)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_for_good_ends_it_and_says_what_the_server_said(stage, status):
    refusal = ConnectError("no", status=status, headers={"A": "b"}, body=b"why")
    failures, happened = [], []
    stage.socket.lifecycle.subscribe(happened.append)
    stage.socket.connect().subscribe(None, failures.append)

    stage.fail(refusal)
    stage.wait(60)

    assert stage.attempts == 1
    (error,) = failures
    assert (error.status, error.headers, error.body) == (status, {"A": "b"}, b"why")
    assert isinstance(happened[-1], GaveUp)


@pytest.mark.defect(3)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_refusal_for_now_is_retried(stage, status):
    stage.socket.connect()

    stage.fail(ConnectError("later", status=status))
    stage.wait(0.01)

    assert stage.attempts == 2


@pytest.mark.defect(3)
def test_other_credentials_get_one_more_attempt(make_stage):
    tokens = iter(["old", "new", "newer"])
    stage = make_stage(auth_token=lambda: next(tokens))
    stage.socket.connect().subscribe(None, lambda _: None)

    stage.fail(ConnectError("no", status=403))
    stage.wait(0.01)
    stage.fail(ConnectError("no", status=403))
    stage.wait(60)

    offered = [attempt.endpoint.auth_token for attempt in stage.transport.attempts]
    assert offered == ["old", "new"]


@pytest.mark.defect(7)
def test_a_server_may_ask_for_a_longer_wait(stage):
    happened = []
    stage.socket.lifecycle.subscribe(happened.append)
    stage.socket.connect()

    stage.fail(ConnectError("busy", status=429, headers={"Retry-After": "7"}))

    assert happened[-1] == Retrying(1, 7.0)


@pytest.mark.defect(30)
def test_what_depended_on_a_lost_connection_learns_code_and_reason(stage):
    channel = stage.joined()
    push = channel.push("note")
    failures = []
    push.subscribe(None, failures.append)

    stage.server.close(1012, "restart")

    (error,) = failures
    assert (error.code, error.reason, error.clean) == (1012, "restart", True)
