"""The time for which a connection outlives its last holder."""

import pytest
from reactivex import operators as ops

from rx_phoenix import AttemptFailed, Closed, Opened, Reconnect, UsageError
from rx_phoenix._connection.linger import Linger
from rx_phoenix.testing import VirtualScheduler

# The timer alone.


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def make(time):
    """Makes a linger of some seconds, and the times of its closes."""

    def make(seconds):
        closes = []
        return Linger(seconds, lambda: time, lambda: closes.append(time.clock)), closes

    return make


@pytest.mark.parametrize(("seconds", "is_used"), [(0.0, True), (5.0, False)])
def test_without_time_or_use_it_closes_at_once(make, seconds, is_used):
    linger, closes = make(seconds)
    linger.begin(is_used=is_used)

    assert (linger.due, closes) == (None, [0.0])


def test_it_closes_after_its_seconds(make, time):
    linger, closes = make(5.0)
    time.advance_by(1)
    linger.begin(is_used=True)
    due = linger.due
    time.advance_by(60)

    assert (due, linger.due, closes) == (6.0, None, [6.0])


def test_a_second_beginning_puts_nothing_off(make, time):
    linger, closes = make(5.0)
    linger.begin(is_used=True)
    time.advance_by(3)
    linger.begin(is_used=True)
    time.advance_by(3)

    assert closes == [5.0]


def test_it_can_be_cancelled_and_begin_again(make, time):
    linger, closes = make(5.0)
    linger.begin(is_used=True)
    time.advance_by(4)
    linger.cancel()
    time.advance_by(4)
    linger.begin(is_used=True)
    time.advance_by(5)

    assert closes == [13.0]


def test_it_may_begin_again_inside_of_its_close(time):
    closes = []

    def close():
        closes.append(time.clock)
        if len(closes) == 1:
            linger.begin(is_used=True)

    linger = Linger(5.0, lambda: time, close)
    linger.begin(is_used=True)
    time.advance_by(60)

    assert closes == [5.0, 10.0]


# A socket.


@pytest.fixture
def stage(make_stage):
    """A stage whose connection lingers for a second."""
    stage = make_stage(reconnect=Reconnect(float, linger=1.0))
    stage.events = []
    stage.socket.lifecycle.subscribe(stage.events.append)
    return stage


def visit(stage, topic):
    """Join a room by a lease, and leave it."""
    lease = stage.socket.stream(topic).subscribe()
    if stage.socket.state != "open":
        stage.open()
    stage.answer("phx_join")
    lease.dispose()
    stage.answer("phx_leave")


def test_from_room_to_room_there_is_one_connection(stage):
    visit(stage, "room:a")
    stage.wait(0.9)
    visit(stage, "room:b")
    stage.scheduler.advance_before(1.9)
    before = list(stage.events)
    stage.wait(0)

    assert before == [Opened()]
    assert stage.events == [Opened(), Closed(1000, "", clean=True)]
    assert stage.attempts == 1


def test_by_default_it_does_not_linger(make_stage):
    stage = make_stage()
    visit(stage, "room:a")

    assert stage.socket.state == "closed"


def test_a_lease_of_the_connection_lingers_too(stage):
    opened = []
    lease = stage.socket.connection.subscribe()
    stage.open()
    lease.dispose()
    stage.socket.connection.pipe(ops.take(1)).subscribe(opened.append)
    stage.wait(0.9)

    assert opened == [Opened()]
    assert stage.socket.state == "open"


@pytest.mark.parametrize("end", ["disconnect", "aclose"])
def test_an_end_that_is_asked_for_does_not_wait(stage, end):
    visit(stage, "room:a")
    getattr(stage.socket, end)()

    assert stage.socket.state == "closed"
    assert stage.scheduler.pending == ()


def test_connect_ends_the_linger(stage):
    visit(stage, "room:a")
    stage.socket.connect()
    stage.wait(60)

    assert stage.socket.state == "open"


def test_a_connection_lost_without_demand_is_not_retried(stage):
    visit(stage, "room:a")
    stage.lose()
    stage.wait(60)

    assert stage.attempts == 1
    assert stage.events[-1] == Closed(1006, "", clean=False)


def test_who_connects_as_a_lingering_connection_is_lost_starts_afresh(make_stage):
    stage = make_stage(reconnect=Reconnect(float, linger=1.0, within=5))
    failures = []
    stage.socket.on_error(failures.append)
    visit(stage, "room:a")
    stage.socket.states.subscribe(
        lambda state: (
            state == "closed" and stage.socket.connect().subscribe(None, lambda _: None)
        )
    )
    stage.lose()
    stage.wait(5)

    assert stage.attempts == 2
    assert [str(error) for error in failures] == [
        "no connection to ws://localhost/socket within 5 s"
    ]


def test_one_that_is_not_open_yet_is_not_retried_either(stage):
    stage.socket.connection.subscribe().dispose()
    stage.fail()
    stage.wait(60)

    assert stage.attempts == 1
    assert [type(event) for event in stage.events] == [AttemptFailed]


def test_one_that_opens_meanwhile_is_closed_in_time(stage):
    stage.socket.connection.subscribe().dispose()
    stage.wait(0.5)
    stage.open()
    stage.wait(0.5)

    assert stage.socket.state == "closed"


def test_without_demand_the_limits_of_an_outage_are_over(make_stage):
    stage = make_stage(reconnect=Reconnect(float, linger=1.0, within=5))
    stage.socket.connection.subscribe().dispose()
    stage.fail()

    assert stage.scheduler.pending == ()


def test_nothing_is_left_to_linger_for_after_giving_up(make_stage):
    stage = make_stage(reconnect=Reconnect(float, linger=1.0, attempts=1))
    stage.socket.connection.subscribe(on_error=lambda _: None)
    stage.fail()

    assert stage.scheduler.pending == ()


def test_while_waiting_to_retry_nothing_lingers(stage):
    lease = stage.socket.connection.subscribe()
    stage.fail()
    lease.dispose()

    assert stage.scheduler.pending == ()


def test_without_demand_no_probe_is_sent(stage):
    visit(stage, "room:a")
    stage.socket.reconnect_now()

    assert stage.times("h") == []


def test_the_diagnosis_names_it(stage):
    visit(stage, "room:a")
    stage.wait(0.25)

    first = stage.socket.diagnosis().splitlines()[0]
    assert first.endswith("is open; nothing holds it, so it closes in 0.8 s.")


@pytest.mark.parametrize("linger", [-1, "1", None])
def test_it_is_a_duration(linger):
    with pytest.raises(UsageError, match="linger must be a timedelta"):
        Reconnect(linger=linger)
