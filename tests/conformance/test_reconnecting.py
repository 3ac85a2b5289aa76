"""What follows a failed attempt or a lost connection."""

import pytest

PHOENIX_TABLE = [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5, 5]


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


@pytest.mark.defect(30)
def test_what_depended_on_a_lost_connection_learns_code_and_reason(stage):
    channel = stage.joined()
    push = channel.push("note")
    failures = []
    push.subscribe(None, failures.append)

    stage.server.close(1012, "restart")

    (error,) = failures
    assert (error.code, error.reason, error.clean) == (1012, "restart", True)
