"""One attempt: asked, dialled, opened, lost, and said goodbye to, in virtual time."""

from asyncio import sleep
from types import SimpleNamespace

import pytest
from reactivex import concat, defer, empty, just, throw
from reactivex.disposable import Disposable

from rx_phoenix._connection.attempt import Attempt, Destination
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._transports.fake import FakeTransport

URL = "ws://user:secret@example.org/socket?token=secret"
PUBLIC_URL = "ws://example.org/socket"


class Fault(Exception):
    """What a user's function, or a transport, raises."""


class Trial:
    """An attempt, and what it tells.

    Attributes:
        told: What came of it, in order.
    """

    def __init__(self, time, transport, **providers):
        self.told = []
        self.attempt = Attempt(
            Destination(
                URL,
                "2.0.0",
                **{"params": None, "auth_token": None, "headers": None, **providers},
            ),
            transport,
            time,
            time.spawn,
            timeout=15.0,
            opened=self.note("opened"),
            failed=self.note("failed"),
            lost=self.note("lost"),
        )

    def note(self, what):
        def note(attempt, fact):
            assert attempt is self.attempt
            self.told.append((what, fact))

        return note

    def say_closed(self, is_clean):
        self.told.append(("closed", is_clean))

    @property
    def error(self):
        """The one thing that was told, which is a failure or a loss."""
        ((_, error),) = self.told
        return error


class Eager:
    """A transport that connects at once, after whatever the test does meanwhile."""

    def __init__(self, meanwhile):
        self.meanwhile = meanwhile

    def connect(self, _):
        return concat(defer(lambda _: self.meanwhile() or empty()), just("line"))


class Broken:
    """A transport that cannot even begin."""

    def __init__(self, error):
        self.error = error

    def connect(self, _):
        raise self.error


class Emitting(Broken):
    """A transport that fails later."""

    def connect(self, _):
        return throw(self.error)


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def transport():
    return FakeTransport()


@pytest.fixture
def make_trial(time, transport):
    trials = []

    def make(*, transport=transport, **providers):
        trials.append(Trial(time, transport, **providers))
        return trials[-1]

    yield make
    for trial in trials:
        trial.attempt.abandon()
    time.advance_by(0)


@pytest.fixture
def trial(make_trial):
    return make_trial()


@pytest.fixture
def dialled(trial):
    """A trial whose transport has been asked to connect."""
    trial.attempt.start()
    return trial


@pytest.fixture
def opened(dialled, transport):
    """A trial whose connection is open; what it tells from now on."""
    transport.attempt.open()
    dialled.told.clear()
    return dialled


def fail():
    raise Fault("no")


async def awaited(value):
    await sleep(1)
    return value


async def awaited_failure():
    await sleep(1)
    raise Fault("no")


# Where to.


def test_a_destination_takes_the_answers_of_its_providers_in_their_order():
    destination = Destination(URL, "1.0.0", "params", "token", "headers")
    assert destination.providers == ("params", "token", "headers")

    endpoint = destination.endpoint([{"a": 1}, "secret", {"X-A": "1"}])
    assert (endpoint.url, endpoint.vsn) == (URL, "1.0.0")
    assert (endpoint.params, endpoint.auth_token) == ({"a": 1}, "secret")
    assert endpoint.headers == {"X-A": "1"}


def test_params_and_headers_may_be_none():
    endpoint = Destination(URL, "2.0.0", None, None, None).endpoint([None] * 3)

    assert (endpoint.params, endpoint.auth_token, endpoint.headers) == ({}, None, {})


def test_what_a_destination_says_of_itself_holds_no_secret():
    assert Destination(URL, "2.0.0", None, None, None).public_url == PUBLIC_URL


# Asking and dialling.


def test_nothing_is_asked_before_it_starts(make_trial, transport):
    trial = make_trial(params=fail)

    assert trial.told == []
    assert transport.attempts == []


def test_it_dials_with_what_the_providers_say_now(make_trial, transport):
    trial = make_trial(
        params=lambda: {"a": 1}, auth_token="secret", headers={"X-A": "1"}
    )
    trial.attempt.start()

    endpoint = transport.attempt.endpoint
    assert endpoint.params == {"a": 1}
    assert endpoint.auth_token == "secret"
    assert endpoint.headers == {"X-A": "1"}
    assert trial.attempt.credentials == [{"a": 1}, "secret", {"X-A": "1"}]


def test_it_dials_with_credentials_that_are_there_already(make_trial, transport):
    trial = make_trial(params=fail)
    trial.attempt.start([{"a": 1}, None, None])

    assert transport.attempt.endpoint.params == {"a": 1}
    assert trial.attempt.credentials == [{"a": 1}, None, None]


def test_it_dials_when_a_provider_that_is_awaited_has_answered(
    make_trial, transport, time
):
    trial = make_trial(auth_token=lambda: awaited("secret"))
    trial.attempt.start()
    assert transport.attempts == []

    time.advance_by(1)
    assert transport.attempt.endpoint.auth_token == "secret"


@pytest.mark.parametrize("provider", [fail, awaited_failure])
def test_a_provider_that_raises_fails_it(make_trial, transport, time, provider):
    trial = make_trial(params=provider)
    trial.attempt.start()
    time.advance_by(1)

    assert transport.attempts == []
    assert trial.told == [("failed", trial.error)]
    assert type(trial.error) is ConnectError
    assert str(trial.error) == (
        f"the attempt to connect to {PUBLIC_URL} failed: Fault: no"
    )
    assert trial.error.url == PUBLIC_URL
    assert isinstance(trial.error.__cause__, Fault)


def test_what_providers_say_that_no_endpoint_takes_fails_it(make_trial, transport):
    trial = make_trial()
    trial.attempt.start(["too", "few"])

    assert transport.attempts == []
    assert type(trial.error) is ConnectError
    assert isinstance(trial.error.__cause__, ValueError)


def test_a_transport_that_raises_fails_it(make_trial):
    trial = make_trial(transport=Broken(Fault("no")))
    trial.attempt.start()

    assert type(trial.error) is ConnectError
    assert isinstance(trial.error.__cause__, Fault)


def test_a_usage_error_of_a_transport_is_told_as_it_is(make_trial, time):
    error = UsageError("no such thing")
    trial = make_trial(transport=Broken(error))
    trial.attempt.start()

    assert trial.told == [("failed", error)]


def test_a_failure_of_the_transport_is_told_as_it_is(dialled, transport):
    error = ConnectError("refused", status=503)
    transport.attempt.fail(error)

    assert dialled.told == [("failed", error)]


def test_any_other_exception_of_the_transport_is_told_in_our_words(dialled, transport):
    error = OSError("no route")
    transport.attempt.fail(error)

    assert type(dialled.error) is ConnectError
    assert str(dialled.error) == (
        f"the attempt to connect to {PUBLIC_URL} failed: OSError: no route"
    )
    assert dialled.error.__cause__ is error


def test_a_transport_that_completes_without_a_connection_fails_it(dialled, transport):
    transport.attempt.observer.on_completed()

    ((what, error),) = dialled.told
    assert (what, type(error), error.code) == ("failed", ConnectionLost, 1000)


@pytest.mark.parametrize(("seconds", "is_over"), [(14.9, False), (15, True)])
def test_it_takes_15_s_at_most(dialled, transport, time, seconds, is_over):
    time.advance_by(seconds)

    assert transport.attempt.is_disposed is is_over
    assert bool(dialled.told) is is_over


def test_what_it_says_of_its_deadline(dialled, time):
    time.advance_by(15)

    assert type(dialled.error) is ConnectError
    assert str(dialled.error) == f"no connection to {PUBLIC_URL} within 15 s"
    assert dialled.error.url == PUBLIC_URL
    assert isinstance(dialled.error.__cause__, TimeoutError)


def test_the_asking_counts_for_its_deadline(make_trial, transport, time):
    async def think():
        await sleep(14)

    trial = make_trial(params=think)
    trial.attempt.start()
    time.advance_by(15)

    assert len(trial.told) == 1
    assert transport.attempt.is_disposed


def test_a_transport_gets_the_seconds_that_the_asking_left(make_trial, transport, time):
    trial = make_trial(params=lambda: awaited({}))
    trial.attempt.start()
    time.advance_by(1)

    assert transport.attempt.endpoint.timeout == 14.0


def test_an_asking_that_takes_too_long_is_ended(make_trial, transport, time):
    async def think():
        await sleep(16)

    trial = make_trial(params=think)
    trial.attempt.start()
    time.advance_by(20)

    assert len(trial.told) == 1
    assert transport.attempts == []


def test_a_provider_that_is_awaited_is_cancelled_with_it(make_trial, time):
    waits = []

    async def think():
        waits.append("begun")
        try:
            await sleep(10)
        finally:
            waits.append(time.clock)

    trial = make_trial(params=think)
    trial.attempt.start()
    time.advance_by(1)
    trial.attempt.abandon()
    time.advance_by(0)

    assert waits == ["begun", 1.0]


def test_a_provider_that_abandons_the_attempt_ends_it(make_trial, transport):
    def leave():
        trial.attempt.abandon()

    trial = make_trial(params=leave)
    trial.attempt.start()

    assert (trial.told, transport.attempts) == ([], [])


def test_a_provider_that_abandons_the_attempt_and_raises_ends_it(make_trial, transport):
    def refuse():
        trial.attempt.abandon()
        raise Fault

    trial = make_trial(params=refuse)
    trial.attempt.start()

    assert (trial.told, transport.attempts) == ([], [])


# An open connection.


def test_it_tells_its_connection(dialled, transport):
    connection = transport.attempt.open()

    assert dialled.told == [("opened", connection)]
    assert dialled.attempt.connection is connection


def test_an_open_connection_has_no_deadline(opened, time):
    time.advance_by(1000)

    assert opened.told == []


def test_it_sends_and_counts_frames(opened, transport):
    opened.attempt.send("one")
    opened.attempt.send(b"two")

    assert transport.connection.sent == ["one", b"two"]
    assert opened.attempt.frames_sent == 2


def test_it_knows_how_many_are_not_written(opened, transport):
    transport.connection.buffered = 3

    assert opened.attempt.buffered == 3


@pytest.mark.parametrize(
    ("connection", "counts"),
    [
        (SimpleNamespace(bytes_received=3, bytes_sent=7), (3, 7)),
        (SimpleNamespace(), (None, 0)),
    ],
)
def test_it_counts_bytes_where_its_connection_does(make_trial, connection, counts):
    trial = make_trial(transport=SimpleNamespace(connect=lambda _: just(connection)))
    trial.attempt.start()

    assert (trial.attempt.bytes_received, trial.attempt.bytes_sent) == counts


def test_before_it_is_open_nothing_waits_to_be_written(dialled):
    assert dialled.attempt.buffered == 0


def test_a_lost_connection_is_told(opened, transport):
    transport.connection.close_from_server(1012, "restart")

    ((what, error),) = opened.told
    assert (what, error.code, error.reason) == ("lost", 1012, "restart")


def test_a_connection_that_ends_by_another_error_is_lost(opened, transport):
    error = OSError("reset")
    transport.attempt.observer.on_error(error)

    ((what, lost),) = opened.told
    assert (what, type(lost), lost.code) == ("lost", ConnectionLost, 1006)
    assert (lost.reason, lost.__cause__) == ("reset", error)


def test_a_connection_that_completes_unasked_is_lost_with_a_goodbye(opened, transport):
    transport.attempt.observer.on_completed()

    ((what, error),) = opened.told
    assert (what, error.code, error.clean) == ("lost", 1000, True)


# What lives no longer than it.


@pytest.mark.parametrize(("seconds", "calls"), [(4, []), (5, [5.0]), (9, [5.0])])
def test_what_is_due_later_happens_while_it_is_open(opened, time, seconds, calls):
    called = []
    opened.attempt.after(5, lambda: called.append(time.clock))
    time.advance_by(seconds)

    assert called == calls


@pytest.mark.parametrize(
    "end",
    [
        lambda trial, transport: transport.connection.lose(),
        lambda trial, transport: trial.attempt.abandon(),
        lambda trial, transport: trial.attempt.close(1000, "", print),
    ],
    ids=["lost", "abandoned", "closed"],
)
def test_what_is_due_later_does_not_happen_after_its_end(opened, transport, time, end):
    called = []
    opened.attempt.after(5, lambda: called.append(time.clock))
    opened.attempt.own(transport.connection.batches.subscribe(called.append))
    connection = transport.connection
    end(opened, transport)
    time.advance_by(10)

    if connection.is_open:
        connection.receive("late")
    assert called == []


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda trial, fake: fake.fail(ConnectError("no")), "failed"),
        (lambda trial, fake: trial.attempt.close(1000, "", trial.say_closed), "closed"),
        (lambda trial, fake: fake.open().lose(), "lost"),
    ],
    ids=["failed", "closed", "lost"],
)
def test_it_has_let_go_of_everything_when_its_end_is_told(
    dialled, transport, end, told
):
    dialled.attempt.own(Disposable(lambda: dialled.told.append(("let go", None))))
    fake = transport.attempt
    end(dialled, fake)

    names = [name for name, _ in dialled.told if name != "opened"]
    assert names == ["let go", told]


def test_a_loss_is_told_when_everything_was_let_go(opened, transport):
    opened.attempt.own(Disposable(lambda: opened.told.append(("let go", None))))
    transport.connection.lose()

    assert [name for name, _ in opened.told] == ["let go", "lost"]


def test_a_usage_error_that_a_transport_emits_is_told_as_it_is(make_trial):
    error = UsageError("no such thing")
    trial = make_trial(transport=Emitting(error))
    trial.attempt.start()

    assert trial.told == [("failed", error)]


def test_a_usage_error_is_told_when_everything_was_let_go(make_trial, time):
    trial = make_trial(transport=Broken(UsageError("no such thing")))
    trial.attempt.own(Disposable(lambda: trial.told.append(("let go", None))))
    trial.attempt.start()

    assert [name for name, _ in trial.told] == ["let go", "failed"]
    assert time.pending == ()


# Goodbyes.


@pytest.fixture
def silent(make_trial, time):
    """An open trial whose peer does not answer a close, and its transport's attempt."""
    transport = FakeTransport(answers_close=False)
    trial = make_trial(transport=transport)
    trial.attempt.start()
    transport.attempt.open()
    trial.told.clear()
    return trial, transport.attempt


def test_it_says_goodbye(opened, transport):
    opened.attempt.close(1000, "bye", opened.say_closed)

    assert transport.connection.closed_by_us == (1000, "bye")
    assert opened.told == [("closed", True)]


def test_it_waits_for_the_answer_to_its_goodbye(silent, time):
    trial, fake = silent
    trial.attempt.close(1000, "", trial.say_closed)
    time.advance_by(1)
    before = [*trial.told]
    fake.connection.finish_close()

    assert (before, trial.told) == ([], [("closed", True)])


@pytest.mark.parametrize(("code", "is_clean"), [(1001, True), (1006, False)])
def test_a_peer_that_ends_it_instead_of_answering_will_do(silent, code, is_clean):
    trial, fake = silent
    trial.attempt.close(1000, "", trial.say_closed)
    fake.connection.close_from_server(code)

    assert trial.told == [("closed", is_clean)]


@pytest.mark.parametrize(("code", "is_clean"), [(1001, True), (1006, False)])
def test_one_that_has_ended_meanwhile_is_closed_at_once(silent, code, is_clean):
    trial, fake = silent
    fake.connection.close_from_server(code)
    trial.told.clear()  # the loss, which may wait behind frames to be reported
    trial.attempt.close(1000, "", trial.say_closed)

    assert trial.told == [("closed", is_clean)]


@pytest.mark.parametrize(("seconds", "told"), [(1.9, []), (2, [("closed", False)])])
def test_it_waits_2_s_at_most(silent, time, seconds, told):
    trial, fake = silent
    trial.attempt.close(1000, "", trial.say_closed)
    time.advance_by(seconds)

    assert trial.told == told
    assert fake.is_disposed is bool(told)


@pytest.mark.parametrize("is_started", [False, True])
def test_one_that_is_not_open_is_abandoned_instead(trial, transport, is_started):
    if is_started:
        trial.attempt.start()
    trial.attempt.close(1000, "", trial.say_closed)

    assert trial.told == [("closed", True)]
    assert [attempt.is_disposed for attempt in transport.attempts] == [True][
        :is_started
    ]


def test_one_that_was_closed_before_it_dialled_never_dials(make_trial, transport, time):
    trial = make_trial(params=lambda: awaited({}))
    trial.attempt.start()
    trial.attempt.close(1000, "", trial.say_closed)
    time.advance_by(10)

    assert trial.told == [("closed", True)]
    assert transport.attempts == []


# Abandoned.


def test_an_abandoned_one_tells_nothing(dialled, transport, time):
    dialled.attempt.abandon()
    time.advance_by(100)

    assert transport.attempt.is_disposed
    assert dialled.told == []


def test_an_abandoned_connection_may_get_a_close_code(opened, transport, time):
    opened.attempt.abandon(1000, "heartbeat timeout")

    assert transport.connection.closed_by_us == (1000, "heartbeat timeout")
    assert opened.told == []


def test_an_abandoned_connection_need_not_get_one(opened, transport):
    opened.attempt.abandon()

    assert transport.connection.closed_by_us is None
    assert transport.attempt.is_disposed


def test_one_that_is_abandoned_while_it_connects_tells_nothing(make_trial):
    def leave():
        trial.attempt.abandon()

    trial = make_trial(transport=Eager(leave))
    trial.attempt.start()

    assert trial.told == []
    assert trial.attempt.connection is None


def test_a_close_code_for_what_is_not_open_says_nothing(dialled, transport):
    dialled.attempt.abandon(1000, "heartbeat timeout")

    assert transport.attempt.is_disposed
    assert dialled.told == []


def test_what_is_due_later_does_not_happen_during_a_goodbye(silent, time):
    trial, _ = silent
    called = []
    trial.attempt.after(1, lambda: called.append(time.clock))
    trial.attempt.close(1000, "", trial.say_closed)
    time.advance_by(1.5)

    assert called == []


def test_a_close_code_needs_no_reason(opened, transport):
    opened.attempt.abandon(1000)

    assert transport.connection.closed_by_us == (1000, "")


def test_an_abandoned_goodbye_is_awaited_no_longer(silent, time):
    trial, fake = silent
    trial.attempt.close(1000, "", trial.say_closed)
    trial.attempt.abandon()
    time.advance_by(10)

    assert trial.told == []
    assert fake.is_disposed
