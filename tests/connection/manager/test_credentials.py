"""Refused credentials, and providers of them."""

from asyncio import sleep

import pytest

from rx_phoenix import AttemptFailed, ConnectError, GaveUp, Reconnect, Retrying


class Provider:
    """Gives out values one after another, then the last one for ever."""

    def __init__(self, *values, seconds=None):
        self.values = list(values)
        self.asked = 0
        self._seconds = seconds

    def __call__(self):
        self.asked += 1
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        return value if self._seconds is None else self._later(value)

    async def _later(self, value):
        await sleep(self._seconds)
        if isinstance(value, Exception):
            raise value
        return value


@pytest.fixture
def refused(make_stage):
    """A stage whose connect params come from a provider, with 403 at the door."""

    def make(params, status=403, **options):
        options = {"reconnect": Reconnect(float), "params": params} | options
        stage = make_stage(**options)
        stage.events = []
        stage.socket.lifecycle.subscribe(stage.events.append)
        stage.socket.connect().subscribe(on_error=lambda _: None)
        stage.wait(0)
        refuse(stage, status)
        return stage

    return make


def refuse(stage, status=403):
    stage.fail(ConnectError("no", status=status))


def kinds(stage):
    return [type(event) for event in stage.events]


def params_of(stage):
    return [attempt.endpoint.params for attempt in stage.transport.attempts]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("params", [{"t": 1}, None])
def test_static_credentials_that_are_refused_are_final(refused, params, status):
    stage = refused(params, status)
    stage.wait(60)

    assert kinds(stage) == [AttemptFailed, GaveUp]
    assert stage.events[-1].error.status == status
    assert stage.attempts == 1


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("seconds", [None, 0.5])
def test_a_provider_that_has_no_others_ends_it(make_stage, status, seconds):
    params = Provider({"t": 1}, {"t": 1}, seconds=seconds)
    stage = make_stage(reconnect=Reconnect(float), params=params)
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.wait(0.5)
    refuse(stage, status)
    stage.wait(60)

    assert [type(event) for event in events] == [AttemptFailed, GaveUp]
    assert params.asked == 2
    assert stage.attempts == 1


@pytest.mark.defect(3)
@pytest.mark.parametrize("seconds", [None, 0.5])
def test_other_credentials_get_one_attempt_after_the_usual_delay(make_stage, seconds):
    params = Provider({"t": 1}, {"t": 2}, {"t": 3}, seconds=seconds)
    stage = make_stage(reconnect=Reconnect(float), params=params)
    stage.socket.connect()
    stage.wait(0.5)
    refuse(stage)
    stage.wait(seconds or 0)
    stage.scheduler.advance_before(stage.scheduler.clock + 1)
    before = stage.attempts
    stage.wait(0)
    stage.open()

    assert before == 1
    assert params_of(stage) == [{"t": 1}, {"t": 2}]
    assert params.asked == 2
    assert stage.socket.state == "open"


@pytest.mark.defect(3)
@pytest.mark.parametrize("seconds", [None, 0.5])
def test_a_second_refusal_in_a_row_is_final(make_stage, seconds):
    params = Provider({"t": 1}, {"t": 2}, {"t": 3}, seconds=seconds)
    stage = make_stage(reconnect=Reconnect(float), params=params)
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.wait(0.5)
    refuse(stage)
    stage.wait(2)
    refuse(stage)
    stage.wait(60)

    assert [type(event) for event in events] == [
        AttemptFailed,
        Retrying,
        AttemptFailed,
        GaveUp,
    ]
    assert stage.attempts == 2


def test_an_open_connection_brings_the_second_chance_back(make_stage):
    params = Provider(*({"t": n} for n in range(9)))
    stage = make_stage(reconnect=Reconnect(lambda _: 1.0), params=params)
    stage.socket.connect()
    refuse(stage)
    stage.wait(1)
    stage.open()
    stage.lose()
    stage.wait(1)
    refuse(stage)
    stage.wait(1)
    stage.open()

    assert stage.attempts == 4
    assert stage.socket.state == "open"


def test_a_new_beginning_brings_the_second_chance_back(refused):
    params = Provider(*({"t": n} for n in range(9)))
    stage = refused(params)
    stage.wait(1)
    refuse(stage)
    stage.socket.connect()
    refuse(stage)
    stage.wait(1)
    stage.open()

    assert kinds(stage).count(GaveUp) == 1
    assert stage.attempts == 4
    assert stage.socket.state == "open"


@pytest.mark.parametrize("option", ["auth_token", "headers", "params"])
def test_each_of_the_providers_may_have_something_else(make_stage, option):
    values = {
        "auth_token": ("old", "new"),
        "headers": ({"a": "old"}, {"a": "new"}),
        "params": ({"a": "old"}, {"a": "new"}),
    }
    stage = make_stage(
        reconnect=Reconnect(float), **{option: Provider(*values[option])}
    )
    stage.socket.connect()
    refuse(stage)
    stage.wait(1)

    assert getattr(stage.transport.attempt.endpoint, option) == values[option][1]


@pytest.mark.parametrize("seconds", [None, 0.5])
def test_a_provider_that_raises_when_asked_again_is_reported_and_asked_later(
    make_stage, seconds
):
    boom = RuntimeError("boom")
    params = Provider({"t": 1}, {"t": 2}, seconds=seconds)
    stage = make_stage(reconnect=Reconnect(float), params=params)
    stage.socket.connect()
    stage.wait(0.5)

    async def fail():
        raise boom

    params.__class__ = type("Failing", (Provider,), {"__call__": lambda self: fail()})
    refuse(stage)
    stage.wait(0)
    params.__class__ = Provider
    stage.wait(1.5)

    assert stage.unhandled == [boom]
    assert params_of(stage) == [{"t": 1}, {"t": 2}]
    stage.unhandled.clear()


def test_a_provider_that_is_asked_again_and_never_answers_is_left_alone(make_stage):
    params = Provider({"t": 1}, {"t": 2}, seconds=0.5)
    stage = make_stage(reconnect=Reconnect(float), params=params)
    stage.socket.connect()
    stage.wait(0.5)
    refuse(stage)
    before = "no attempt is due" in stage.socket.diagnosis()
    stage.socket.reconnect_now()
    stage.wait(0.5)
    stage.open()

    assert before
    assert params.asked == 3
    assert stage.attempts == 2


def test_a_pause_stops_the_asking(make_stage):
    params = Provider({"t": 1}, {"t": 2}, seconds=0.5)
    stage = make_stage(reconnect=Reconnect(float), params=params)
    stage.socket.connect()
    stage.wait(0.5)
    refuse(stage)
    stage.socket.disconnect()
    stage.wait(60)

    assert stage.attempts == 1


@pytest.mark.parametrize(("decision", "attempts"), [(True, 1), (False, 3), (None, 2)])
def test_a_users_policy_goes_before_the_second_chance(make_stage, decision, attempts):
    params = Provider({"t": 1}, {"t": 2}, {"t": 3})
    stage = make_stage(
        reconnect=Reconnect(lambda _: 1.0, give_up=lambda _: decision), params=params
    )
    stage.socket.connect().subscribe(on_error=lambda _: None)
    refuse(stage)
    stage.wait(1)
    if attempts > 1:
        refuse(stage)
        stage.wait(1)

    assert stage.attempts == attempts


# Providers at each attempt.


@pytest.mark.defect(23)
@pytest.mark.case(15)
@pytest.mark.parametrize("seconds", [None, 0.5])
def test_providers_are_asked_at_every_attempt(make_stage, seconds):
    params = Provider({"t": 1}, {"t": 2}, {"t": 3}, seconds=seconds)
    stage = make_stage(reconnect=Reconnect(lambda _: 1.0), params=params)
    stage.socket.connect()
    stage.wait(0.5)
    stage.fail()
    stage.wait(1.5)
    stage.open()
    stage.lose()
    stage.wait(1.5)

    assert params_of(stage) == [{"t": 1}, {"t": 2}, {"t": 3}]


@pytest.mark.case(63)
@pytest.mark.defect(23)
@pytest.mark.parametrize("option", ["params", "auth_token", "headers"])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_provider_that_raises_fails_the_attempt(make_stage, option, is_late):
    def raise_now():
        raise RuntimeError("no token")

    async def raise_later():
        raise_now()

    stage = make_stage(
        reconnect=Reconnect(float), **{option: raise_later if is_late else raise_now}
    )
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()
    stage.wait(0)

    assert [type(event) for event in events] == [AttemptFailed, Retrying]
    assert isinstance(events[0].error, ConnectError)
    assert "RuntimeError: no token" in str(events[0].error)
    assert stage.attempts == 0


@pytest.mark.case(63)
@pytest.mark.defect(23)
def test_a_provider_that_recovers_is_enough(make_stage):
    values = [RuntimeError("no token"), {"t": 2}]

    def provide():
        value = values.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    stage = make_stage(reconnect=Reconnect(float), params=provide)
    stage.socket.connect()
    stage.wait(1)
    stage.open()

    assert stage.socket.state == "open"


def test_a_provider_that_never_answers_fails_the_attempt_after_15_seconds(make_stage):
    stage = make_stage(params=Provider({}, seconds=1e6))
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()
    stage.scheduler.advance_before(15)
    before = list(events)
    stage.wait(0)

    assert before == []
    assert [type(event) for event in events] == [AttemptFailed, Retrying]
    assert stage.attempts == 0


def test_asking_counts_towards_the_15_seconds(make_stage):
    stage = make_stage(params=Provider({}, seconds=14))
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()
    stage.wait(15)

    assert AttemptFailed in [type(event) for event in events]
    assert stage.attempts == 1


def test_an_attempt_that_is_called_off_does_not_wait_for_providers(make_stage):
    stage = make_stage(params=Provider({}, seconds=5))
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.wait(1)
    stage.socket.disconnect()
    stage.wait(60)

    assert stage.attempts == 0


@pytest.mark.parametrize("option", ["params", "headers"])
def test_an_answer_that_makes_no_endpoint_ends_it(make_stage, option):
    stage = make_stage(reconnect=Reconnect(float), **{option: object})
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()

    assert [type(event) for event in events] == [AttemptFailed, GaveUp]
    assert stage.attempts == 0


def test_a_refused_join_that_repeats_the_token_keeps_it_out_of_the_words(make_stage):
    stage = make_stage(auth_token="hunter2-hunter2")
    stage.connect()
    join = stage.channel().join()
    stage.answer("phx_join", "error", {"reason": "not hunter2-hunter2"})
    refusals = []
    join.subscribe(on_error=refusals.append)

    assert refusals[0].response == {"reason": "not hunter2-hunter2"}
    assert "hunter2" not in str(refusals[0])


def test_no_event_and_no_error_says_a_secret(make_stage):
    stage = make_stage(
        url="wss://user:hunter2@localhost/socket?token=hunter2",
        params={"token": "hunter2"},
        auth_token="hunter2",
        headers={"Authorization": "hunter2"},
    )
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.connect()
    stage.fail(OSError("unreachable"))
    stage.wait(15.1)

    texts = [repr(event) + str(getattr(event, "error", "")) for event in events]
    texts += [stage.socket.diagnosis(), repr(stage.socket)]
    assert "hunter2" not in "".join(texts)
