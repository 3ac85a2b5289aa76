import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix.errors import (
    ConnectError,
    ConnectionLost,
    JoinRefused,
    PushTimeout,
    TransportError,
    UsageError,
)
from rx_phoenix.policy import (
    Backoff,
    Heartbeat,
    Reconnect,
    Rejoin,
    RetryDecision,
    SendBuffer,
    delay_of,
    retry_after,
    seconds,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
REFUSED = JoinRefused("error", {"reason": "unauthorized"})
RESTARTED = ConnectionLost(1012)

chances = st.floats(0, 1, exclude_max=True)
attempts = st.integers(1, 10**6)
jitters = st.just("full") | st.floats(0, 1)
durations = st.floats(0, 1e6) | st.timedeltas(timedelta(0), timedelta(days=365))


def refused_with(status, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ConnectError("refused", status=status, headers=named)


# Durations.


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (0, 0.0),
        (2, 2.0),
        (0.5, 0.5),
        (Fraction(1, 2), 0.5),
        (timedelta(milliseconds=1500), 1.5),
        (timedelta(days=1), 86400.0),
    ],
)
def test_a_duration_is_seconds(duration, expected):
    assert seconds(duration) == expected
    assert type(seconds(duration)) is float


NO_DURATIONS = [-1, -0.1, timedelta(-1), float("nan"), float("inf"), 10**400]
NO_NUMBERS = [True, False, "5", None, b"5", [], 1j]


@pytest.mark.parametrize("duration", NO_DURATIONS + NO_NUMBERS, ids=repr)
def test_what_is_no_duration_is_refused(duration):
    with pytest.raises(UsageError, match="number of seconds"):
        seconds(duration)


# Backoff.


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        (Backoff(), [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]),
        (Backoff(1, 2, 5), [1, 2, 4, 5, 5]),
        (Backoff(1, 1, 5), [1, 1, 1]),
        (Backoff(7, 2, 5), [5, 5]),
        (Backoff(0, 2, 5), [0, 0, 0]),
        (Backoff(1, 10, 0), [0, 0]),
        (Backoff(timedelta(seconds=1), 3, timedelta(seconds=5)), [1, 3, 5]),
        (Backoff.steps(1, 2, 5, 10), [1, 2, 5, 10, 10, 10]),
        (Backoff.steps(5, 1), [5, 1, 1]),
        (Backoff.steps(timedelta(seconds=2)), [2, 2]),
    ],
)
def test_delays_grow_up_to_their_cap(backoff, delays):
    assert [backoff(attempt) for attempt in range(1, len(delays) + 1)] == delays


@pytest.mark.parametrize(
    ("backoff", "delay"),
    [
        (Backoff(), 30.0),
        (Backoff(1, 10, 60), 60.0),
        (Backoff(0, 2, 5), 0.0),
        (Backoff(1, 2, 0), 0.0),
        (Backoff(1e-300, 1.0001, 30), 30.0),
        (Backoff.steps(1, 2), 2.0),
    ],
)
def test_the_ten_thousandth_delay_is_no_overflow(backoff, delay):
    assert backoff(10_000_000) == delay


def test_phoenix_js_reconnects_after_these():
    policy = Backoff.phoenix_reconnect()
    delays = [0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5, 5]

    assert [policy(attempt, chance=0.9) for attempt in range(1, 12)] == delays


def test_phoenix_js_rejoins_after_these():
    policy = Backoff.phoenix_rejoin()

    assert [policy(attempt, chance=0.9) for attempt in range(1, 6)] == [1, 2, 5, 10, 10]


@pytest.mark.parametrize(
    ("jitter", "chance", "delay"),
    [
        (0, 0.0, 10),
        (0, 0.9, 10),
        ("full", 0.0, 0),
        ("full", 0.5, 5),
        ("full", 0.75, 7.5),
        ("full", None, 10),
        (0.2, 0.0, 8),
        (0.2, 0.5, 10),
        (0.2, 1.0, 12),
        (0.2, None, 10),
        (1, 0.0, 0),
        (1, 1.0, 20),
    ],
)
def test_jitter_draws_around_or_below_a_delay(jitter, chance, delay):
    assert Backoff(10, jitter=jitter)(1, chance) == pytest.approx(delay)


@given(
    st.builds(Backoff, durations, st.floats(1, 100), durations, jitters),
    attempts,
    chances,
)
def test_a_delay_stays_in_its_bounds(backoff, attempt, chance):
    nominal = backoff(attempt)
    delay = backoff(attempt, chance)
    spread = 1 if backoff.jitter == "full" else backoff.jitter
    most = nominal if backoff.jitter == "full" else nominal * (1 + spread)

    assert nominal <= backoff.cap
    assert nominal * (1 - spread) <= delay * (1 + 1e-9)
    assert delay <= most * (1 + 1e-9)


@given(st.builds(Backoff, durations, st.floats(1, 100), durations), attempts)
def test_a_delay_is_never_shorter_than_the_one_before(backoff, attempt):
    assert backoff(attempt) <= backoff(attempt + 1)


@given(st.lists(durations, min_size=1), jitters, attempts)
def test_named_delays_come_one_by_one(delays, jitter, attempt):
    policy = Backoff.steps(*delays, jitter=jitter)

    assert policy(attempt) == seconds(delays[min(attempt, len(delays)) - 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": -1}, "first must be a timedelta"),
        ({"cap": float("inf")}, "cap must be a timedelta"),
        ({"factor": 0.5}, "factor"),
        ({"factor": float("nan")}, "factor"),
        ({"factor": "2"}, "factor"),
        ({"jitter": -0.1}, "jitter"),
        ({"jitter": 1.1}, "jitter"),
        ({"jitter": "half"}, "jitter"),
        ({"jitter": float("nan")}, "jitter"),
        ({"jitter": None}, "jitter"),
        ({"table": [1, -1]}, "delay must be a timedelta"),
    ],
)
def test_a_backoff_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        Backoff(**options)


def test_no_delays_at_all_are_refused():
    with pytest.raises(UsageError, match="at least one"):
        Backoff.steps()


def test_a_backoff_is_a_value():
    assert Backoff(1, 2, 3) == Backoff(1.0, 2.0, timedelta(seconds=3))
    assert hash(Backoff(1, 2, 3)) == hash(Backoff(1, 2, 3))
    assert Backoff.steps(1, 2) != Backoff.steps(1, 3)
    with pytest.raises(AttributeError):
        Backoff().first = 2


def test_a_backoff_can_be_had_with_other_jitter():
    policy = Backoff.steps(1, 2, jitter=0.5)

    assert dataclasses.replace(policy, jitter=0.0) == Backoff.steps(1, 2)


# Any function of the attempt is a policy too.


def test_a_backoff_is_asked_with_chance():
    assert delay_of(Backoff(10, jitter="full"), 1, 0.5) == 5.0


def test_a_function_is_asked_without_chance():
    assert delay_of(lambda attempt: attempt * 2, 3, 0.5) == 6.0


def test_a_function_may_answer_with_a_timedelta():
    assert delay_of(lambda _: timedelta(minutes=1), 1, 0.5) == 60.0


@pytest.mark.parametrize("answer", [-1, float("nan"), None], ids=repr)
def test_a_function_that_answers_nonsense_is_told_so(answer):
    with pytest.raises(UsageError, match="number of seconds"):
        delay_of(lambda _: answer, 1, 0.5)


# Retry-After.


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("120", 120.0),
        ("121", 120.0),
        ("9" * 5000, 120.0),
        ("-7", 0.0),
        ("7.5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("Tue, 24 Nov 2026 12:00:07 GMT", 7.0),
        ("Tuesday, 24-Nov-26 12:00:07 GMT", 7.0),
        ("Tue Nov 24 12:00:07 2026", 7.0),
        ("Tue, 24 Nov 2026 13:00:07 +0100", 7.0),
        ("Tue, 24 Nov 2026 12:00:07 -0000", 7.0),
        ("Tue, 24 Nov 2026 11:59:00 GMT", 0.0),
        ("Wed, 25 Nov 2026 12:00:00 GMT", 120.0),
        ("Tue, 99 Nov 2026 12:00:07 GMT", 0.0),
        ("Tue, 24 Nov 99999999999999999999 12:00:07 GMT", 0.0),
    ],
)
@pytest.mark.parametrize("name", ["retry-after", "Retry-After", "RETRY-AFTER"])
def test_the_server_may_ask_us_to_stay_away(name, value, wanted):
    error = ConnectError("no", status=429, headers={name: value})

    assert retry_after(error, NOW) == wanted


@pytest.mark.parametrize(
    "error",
    [ConnectError("refused"), refused_with(503), ConnectionLost(1012), OSError()],
    ids=["no answer", "503", "lost", "foreign"],
)
def test_without_the_header_nothing_was_asked(error):
    assert retry_after(error, NOW) == 0.0


@given(st.text())
def test_any_header_is_a_wait_within_the_cap(text):
    assert 0 <= retry_after(refused_with(503, retry_after=text), NOW) <= 120


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from([UTC, timezone(timedelta(hours=-12))]),
    st.integers(0, 120),
)
def test_both_forms_mean_the_same(time, zone, wait):
    now = time.replace(microsecond=0, tzinfo=zone)
    date = format_datetime(now + timedelta(seconds=wait))

    assert retry_after(refused_with(503, retry_after=date), now) == wait
    assert retry_after(refused_with(503, retry_after=str(wait)), now) == wait


# Reconnect: what is final, what may heal, and what other credentials may help.

STATUSES = {
    RetryDecision.FINAL: [
        400,
        402,
        404,
        *range(405, 408),
        *range(409, 425),
        426,
        451,
        499,
    ],
    RetryDecision.REFRESH: [401, 403],
    RetryDecision.RETRY: [
        101,
        200,
        301,
        302,
        307,
        308,
        399,
        408,
        425,
        429,
        *range(500, 512),
    ],
}
"""What each answer to a handshake means."""

CLOSE_CODES = {
    RetryDecision.FINAL: [1008],
    RetryDecision.RETRY: [
        *range(1000, 1008),
        *range(1009, 1016),
        3000,
        4000,
        4008,
        4999,
    ],
}
"""What each close code of a peer means."""


def cells(table):
    return [(key, decision) for decision, keys in table.items() for key in keys]


@pytest.mark.parametrize(("status", "decision"), cells(STATUSES))
def test_a_status_has_its_decision(status, decision):
    assert Reconnect().decision(refused_with(status)) is decision
    assert Reconnect().is_final(refused_with(status)) is (
        decision is not RetryDecision.RETRY
    )


@pytest.mark.parametrize(("code", "decision"), cells(CLOSE_CODES))
def test_a_close_code_has_its_decision(code, decision):
    assert Reconnect().decision(ConnectionLost(code)) is decision


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (UsageError("no such thing"), RetryDecision.FINAL),
        (ConnectError("no route"), RetryDecision.RETRY),
        (TransportError(), RetryDecision.RETRY),
        (PushTimeout(), RetryDecision.RETRY),
        (OSError(), RetryDecision.RETRY),
    ],
    ids=lambda case: type(case).__name__,
)
def test_what_has_no_status_has_its_decision(error, decision):
    assert Reconnect().decision(error) is decision


@pytest.mark.parametrize(
    ("answer", "is_final"), [(True, True), (False, False), (None, None)]
)
@pytest.mark.parametrize(
    ("error", "by_default"),
    [(refused_with(404), True), (refused_with(503), False), (ConnectionLost(), False)],
    ids=["404", "503", "lost"],
)
def test_give_up_decides_or_leaves_it_to_the_default(
    answer, is_final, error, by_default
):
    policy = Reconnect(give_up=lambda _: answer)

    expected = by_default if is_final is None else is_final
    assert policy.is_final(error) is expected


@pytest.mark.parametrize(
    "error", [REFUSED, refused_with(401), refused_with(404), ConnectionLost(1008)]
)
def test_give_up_is_told_the_error_once(error):
    told = []
    Reconnect(give_up=told.append).decision(error)

    assert told == [error]


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        (True, RetryDecision.FINAL),
        (False, RetryDecision.RETRY),
        (None, RetryDecision.REFRESH),
    ],
)
def test_credentials_do_not_matter_once_give_up_decided(answer, decision):
    policy = Reconnect(give_up=lambda _: answer)

    assert policy.decision(refused_with(401)) is decision


# Reconnect: how long to wait.


@pytest.mark.parametrize(
    ("attempt", "most"), [(1, 0.25), (2, 0.5), (3, 1), (7, 16), (8, 30), (10_000, 30)]
)
def test_reconnecting_draws_from_nothing_up_to_thirty_seconds(attempt, most):
    policy = Reconnect()

    assert policy.delay(attempt, ConnectionLost(), 0.0, NOW) == 0
    assert policy.delay(attempt, ConnectionLost(), 0.5, NOW) == most / 2


@pytest.mark.parametrize(("attempt", "most"), [(1, 12), (2, 24), (3, 30), (10_000, 30)])
def test_after_a_restart_reconnecting_draws_from_twelve_seconds_on(attempt, most):
    policy = Reconnect()

    assert policy.delay(attempt, RESTARTED, 0.0, NOW) == 0
    assert policy.delay(attempt, RESTARTED, 0.5, NOW) == most / 2
    assert policy.delay(attempt, refused_with(503), 0.5, NOW, RESTARTED) == most / 2


@pytest.mark.parametrize(
    "code", [code for code, _ in cells(CLOSE_CODES) if code != 1012]
)
def test_no_other_close_code_is_a_restart(code):
    policy = Reconnect()

    assert policy.delay(1, ConnectionLost(code), 0.5, NOW) == 0.125
    assert policy.delay(1, refused_with(503), 0.5, NOW, ConnectionLost(code)) == 0.125


@pytest.mark.parametrize(
    ("options", "usual", "drain"),
    [
        ({}, 0.25, 12),
        ({"delays": Backoff(1)}, 1, 1),
        ({"drain": Backoff(2)}, 0.25, 2),
        ({"delays": Backoff(1), "drain": Backoff(2)}, 1, 2),
        ({"delays": lambda _: 3}, 3, 3),
    ],
    ids=["neither", "delays", "drain", "both", "a function"],
)
def test_delays_of_ones_own_count_after_a_restart_too(options, usual, drain):
    policy = Reconnect(**options)
    chance = 0.999999

    assert policy.delay(1, ConnectionLost(), chance, NOW) == pytest.approx(usual, 1e-4)
    assert policy.delay(1, RESTARTED, chance, NOW) == pytest.approx(drain, 1e-4)


@pytest.mark.parametrize(
    ("header", "delay"), [("7", 7.0), ("1", 2.0), ("3600", 120.0), ("soon", 2.0)]
)
def test_the_wait_is_no_shorter_than_the_server_asked_for(header, delay):
    policy = Reconnect(delays=Backoff(2))
    error = refused_with(429, retry_after=header)

    assert policy.delay(1, error, 0.5, NOW) == delay


def test_a_connection_counts_as_good_after_thirty_seconds():
    assert Reconnect().stable == 30.0
    assert Reconnect(stable=timedelta(minutes=1)).stable == 60.0


def test_a_stability_that_is_no_duration_is_refused():
    with pytest.raises(UsageError, match="stable must be a timedelta"):
        Reconnect(stable=-1)


# Rejoin.


@pytest.mark.parametrize(
    ("attempt", "nominal"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 10), (10_000, 10)]
)
def test_rejoining_draws_from_a_fifth_below_to_a_fifth_above(attempt, nominal):
    delays = Rejoin().delays

    assert delays(attempt, 0.0) == pytest.approx(nominal * 0.8)
    assert delays(attempt, 0.5) == pytest.approx(nominal)
    assert delays(attempt, 1.0) == pytest.approx(nominal * 1.2)


def test_a_refused_join_is_not_final():
    assert not Rejoin().is_final(REFUSED)


@pytest.mark.parametrize(
    ("answer", "is_final"), [(True, True), (False, False), (None, False)]
)
def test_a_refused_join_is_final_if_give_up_says_so(answer, is_final):
    assert Rejoin(give_up=lambda error: answer).is_final(REFUSED) is is_final


def test_a_pace_needs_the_seconds_between_two_joins():
    with pytest.raises(UsageError, match="every must be a positive number of seconds"):
        Rejoin(at_once=5)


def test_the_seconds_between_two_joins_may_be_a_timedelta():
    assert Rejoin(at_once=5, every=timedelta(milliseconds=100)).every == 0.1


# Heartbeat and send buffer.


def test_a_heartbeat_has_an_interval_and_a_timeout_of_its_own():
    assert Heartbeat() == Heartbeat(25, 10)
    assert Heartbeat(timedelta(minutes=1), timeout=5) == Heartbeat(60.0, 5.0)


@pytest.mark.parametrize(
    "options",
    [{"interval": 0}, {"timeout": 0}, {"interval": -1}, {"timeout": float("nan")}],
    ids=repr,
)
def test_a_heartbeat_that_makes_no_sense_is_refused(options):
    with pytest.raises(UsageError, match="seconds"):
        Heartbeat(**options)


def test_a_send_buffer_holds_a_thousand_and_drops_the_newest():
    assert SendBuffer() == SendBuffer(1000, "drop_newest")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": -1}, "size must be"),
        ({"overflow": "block"}, "'drop_newest' or 'drop_oldest', got 'block'"),
    ],
)
def test_a_send_buffer_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        SendBuffer(**options)


# Limits of a Reconnect.


@pytest.mark.parametrize("name", ["timeout", "within"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), "5"])
def test_a_limit_is_a_positive_number_of_seconds(name, value):
    with pytest.raises(UsageError, match=f"number of seconds, got {value!r}"):
        Reconnect(**{name: value})


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3"])
def test_a_number_of_attempts_is_a_positive_one(value):
    with pytest.raises(UsageError, match=f"attempts must be .* got {value!r}"):
        Reconnect(attempts=value)


def test_limits_may_be_timedeltas_or_none():
    policy = Reconnect(timeout=timedelta(seconds=2), within=timedelta(minutes=1))

    assert (policy.timeout, policy.within, policy.attempts) == (2.0, 60.0, None)
    assert (Reconnect().timeout, Reconnect().within) == (15.0, None)


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        (401, RetryDecision.REFRESH),
        (403, RetryDecision.REFRESH),
        (404, RetryDecision.RETRY),
        (429, RetryDecision.RETRY),
    ],
)
def test_after_a_first_open_no_status_is_final(status, decision):
    assert Reconnect().decision(refused_with(status), was_open=True) is decision
