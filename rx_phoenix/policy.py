"""Policies: retries, delays, heartbeats and buffers, as decisions without effects.

Rule: random numbers and the time of day are arguments here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from numbers import Real
from typing import Literal, Self, TypeGuard, get_args

from rx_phoenix._protocol.checks import (
    check,
    check_function,
    check_instance,
    is_whole,
    warn_caller,
)
from rx_phoenix.errors import ConnectError, ConnectionLost, JoinRefused, UsageError

__all__ = [
    "Backoff",
    "Delays",
    "Duration",
    "Heartbeat",
    "Reconnect",
    "Rejoin",
    "RetryDecision",
    "SendBuffer",
    "delay_of",
    "retry_after",
    "seconds",
    "timeout_of",
]

Duration = float | timedelta
"""Seconds, as a number or a timedelta."""

Delays = Callable[[int], float]
"""Seconds to wait before a retry, by its number from 1. A `Backoff` is one."""

Jitter = Literal["full"] | float
"""The share of a delay that is random: see `Backoff`."""

Overflow = Literal["drop_newest", "drop_oldest"]
"""The push that is cancelled when too many wait."""

OnClose = Literal["end", "rejoin"]
"""What a close of a channel by the server is to its demand."""

RETRY_AFTER_CAP = 120.0
"""The longest wait, in seconds, that a ``Retry-After`` or a hint can ask for."""

POLICY_VIOLATION = 1008
"""The close code of a final refusal (RFC 6455, 7.4.1)."""

SERVICE_RESTART = 1012
"""The close code that a restarting server sends to all clients at once.

Its registration with IANA asks for a random delay of 5 to 30 s before the retry.
"""

LONGEST_TIMEOUT = 3600.0
"""Seconds above which a bare number is likely one of milliseconds."""

CLIENT_ERRORS = range(400, 500)
"""The statuses of a final refusal."""

TRANSIENT = frozenset({408, 425, 429})
"""Those of them that may heal."""

UNAUTHORIZED = frozenset({401, 403})
"""Those that other credentials may heal."""


def seconds(duration: Duration, name: str = "duration") -> float:
    """Return a duration as a float.

    Args:
        duration: The duration.
        name: The name of the argument, for the error.

    Raises:
        UsageError: It is negative, infinite, or not a number.

    >>> seconds(timedelta(minutes=1))
    60.0
    """
    value = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if not _is_number(value) or value < 0:
        raise UsageError(
            f"{name} must be a timedelta or a non-negative number of seconds, got "
            f"{duration!r}"
        )
    return float(value)


def timeout_of(duration: Duration, name: str = "timeout") -> float:
    """Return a timeout as a float, and warn of a number that looks like milliseconds.

    Args:
        duration: The timeout; a number over 3,600 gets a `UsageWarning`.
        name: The name of the argument, for the error.

    Raises:
        UsageError: As `seconds`.
    """
    value = seconds(duration, name)
    if value > LONGEST_TIMEOUT and not isinstance(duration, timedelta):
        warn_caller(
            f"{name} is {value:.15g} seconds, which looks like milliseconds: pass "
            "seconds, or a timedelta for a timeout of more than an hour"
        )
    return value


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool):
        return False
    try:
        return isinstance(value, Real) and isfinite(value)
    except OverflowError:  # an int that no float can hold
        return False


def _positive(name: str, duration: Duration) -> float:
    value = seconds(duration, name)
    takes = "a timedelta or a positive number of seconds"
    check(value > 0, name, takes, repr(duration))
    return value


def _check_delays(name: str, delays: object) -> None:
    """Check that delays are a policy or a function: an object, and not its class."""
    takes = "a Backoff, or a function that returns the seconds before a retry"
    check_function(name, delays, takes)
    check(delays is not Backoff, name, takes, repr(delays))


def _check_give_up(give_up: object) -> None:
    if give_up is not None:
        check_function("give_up", give_up, "a function of the error, or None")


def _check_count(name: str, count: object, of: str) -> None:
    is_valid = count is None or (is_whole(count) and count >= 1)
    check(is_valid, name, f"a positive number of {of} or None", repr(count))


def _set(frozen: object, **values: object) -> None:
    """Set the fields of a frozen dataclass, once they are validated."""
    for name, value in values.items():
        object.__setattr__(frozen, name, value)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that grow: ``first``, then times ``factor``, up to ``cap``.

    Attributes:
        first: Seconds before the first retry.
        factor: The ratio of each delay to the one before; 1 or more.
        cap: The longest delay, in seconds, before jitter.
        jitter: ``"full"`` draws each delay from 0 up to its value; a fraction
            draws it from that much below to that much above; 0 leaves it exact.
        table: Explicit delays instead; the last one repeats.

    Raises:
        UsageError: The delays would shrink, or an argument is out of its range.

    >>> [Backoff(1, 2, 5)(attempt) for attempt in (1, 2, 3, 4)]
    [1.0, 2.0, 4.0, 5.0]
    >>> Backoff.steps(1, 2, 5, 10, jitter=0.2)(2, chance=0.5)
    2.0
    """

    first: float
    factor: float
    cap: float
    jitter: Jitter
    table: tuple[float, ...]

    def __init__(
        self,
        first: Duration = 0.25,
        factor: float = 2.0,
        cap: Duration = 30.0,
        jitter: Jitter = 0.0,
        *,
        table: Sequence[Duration] = (),
    ) -> None:
        if not _is_number(factor) or factor < 1:
            raise UsageError(f"factor must be a number of at least 1, got {factor!r}")
        if jitter != "full" and not (_is_number(jitter) and 0 <= jitter <= 1):
            raise UsageError(
                f'jitter must be "full" or a fraction from 0 to 1, got {jitter!r}'
            )
        check_instance("table", table, Sequence, "a sequence of durations")
        _set(
            self,
            first=seconds(first, "first"),
            factor=float(factor),
            cap=seconds(cap, "cap"),
            jitter=jitter,
            table=tuple(seconds(delay, "a delay") for delay in table),
        )

    @classmethod
    def steps(cls, *delays: Duration, jitter: Jitter = 0.0) -> Self:
        """Return a policy of explicit delays; the last one repeats."""
        if not delays:
            raise UsageError("Backoff.steps got no delay: pass at least one")
        longest = max(seconds(delay, "a delay") for delay in delays)
        return cls(delays[0], 1.0, longest, jitter, table=delays)

    @classmethod
    def phoenix_reconnect(cls) -> Self:
        """Return phoenix.js's table for reconnecting, exact and without jitter."""
        return cls.steps(0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2, 5)

    @classmethod
    def phoenix_rejoin(cls) -> Self:
        """Return phoenix.js's table for rejoining, exact and without jitter."""
        return cls.steps(1, 2, 5, 10)

    def __call__(self, attempt: int, chance: float | None = None) -> float:
        """Return the delay before a retry.

        Args:
            attempt: The number of the retry, from 1.
            chance: A random number from 0 up to 1; None leaves the jitter out.
        """
        delay = self._nominal(attempt)
        if chance is None:
            return delay
        if self.jitter == "full":
            return delay * chance
        return delay * (1 + self.jitter * (2 * chance - 1))

    def _nominal(self, attempt: int) -> float:
        if self.table:
            return self.table[min(attempt, len(self.table)) - 1]
        try:
            return min(self.first * self.factor ** (attempt - 1), self.cap)
        except OverflowError:
            return min(self.first, self.cap) and self.cap


def delay_of(delays: Delays, attempt: int, chance: float) -> float:
    """Return the delay of a policy, with jitter if it has some."""
    if isinstance(delays, Backoff):
        return delays(attempt, chance)
    return seconds(delays(attempt), "the answer of delays")


def retry_after(error: BaseException, now: datetime) -> float:
    """Return the seconds of a ``Retry-After``; 0 if the server sent none.

    Both forms of ``Retry-After`` (RFC 9110, 10.2.3) are understood.
    """
    if isinstance(error, ConnectionLost) and error.__cause__ is not None:
        # A long poll in progress was answered so.
        return retry_after(error.__cause__, now)
    if not isinstance(error, ConnectError):
        return 0.0
    headers = {name.lower(): value for name, value in error.headers.items()}
    text = headers.get("retry-after", "").strip()
    if not text:
        return 0.0
    if text.isdecimal():
        wanted = float(text)
    else:
        # Slow to import, and few servers send a date.
        from email.utils import parsedate_to_datetime  # noqa: PLC0415

        try:
            due = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0.0
        due = due if due.tzinfo else due.replace(tzinfo=UTC)
        wanted = (due - now).total_seconds()
    return min(max(wanted, 0.0), RETRY_AFTER_CAP)


class RetryDecision(StrEnum):
    """Decision on retrying an error."""

    RETRY = "retry"
    """It may heal by itself."""

    REFRESH = "refresh"
    """The credentials were refused: only others may help."""

    FINAL = "final"
    """It is final."""


PROMPT = Backoff(0.25, 2.0, 30.0, "full")
"""For an outage of this client alone: reconnect at once after a blip."""

SPREAD = Backoff(12.0, 2.0, 30.0, "full")
"""For an outage of all clients: of 10,000 under 2 % try in any 100 ms."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Policy for a connection that fails or ends.

    Attributes:
        delays: Seconds before each retry; by default at most 0.25 before the first,
            and up to 30 later.
        stable: Seconds after which an open connection counts as good, so that the
            delays start over.
        give_up: Called once with each error, except a `UsageError`, which is final;
            True makes an error final, False retries it, None leaves it to `decision`.
        drain: Seconds before each retry of an outage that began with a close code of
            1012: a server that restarts disconnects all its clients at once. By
            default your `delays`; without `delays` either, up to 12 before the first
            retry, and up to 30 later.
        timeout: Seconds for one attempt, the providers included. A number over 3,600
            gets a `UsageWarning`: it looks like milliseconds.
        attempts: The number of failures in a row, by attempts and by connections lost
            before they were `stable`, after which the last one is final; None for no
            limit.
        within: Seconds without a connection, in an outage or before the first open,
            after which the last failure is final; None for no limit. `connect()`
            starts both limits over, and `give_up` does not lift them.
        linger: Seconds for which a connection is kept after its last holder went, so
            that a new one in time finds it; `disconnect` and `aclose` do not wait.

    Raises:
        UsageError: An argument has another type, or is out of its range.

    >>> restarted, dropped = ConnectionLost(1012), ConnectionLost(1006)
    >>> now = datetime(2026, 11, 24, tzinfo=UTC)
    >>> [Reconnect().delay(1, error, 0.5, now) for error in (restarted, dropped)]
    [6.0, 0.125]
    """

    delays: Delays
    stable: float
    give_up: Callable[[Exception], bool | None] | None
    drain: Delays
    timeout: float
    attempts: int | None
    within: float | None
    linger: float

    def __init__(  # noqa: PLR0913 - a policy, and each by name
        self,
        delays: Delays | None = None,
        stable: Duration = 30.0,
        give_up: Callable[[Exception], bool | None] | None = None,
        drain: Delays | None = None,
        *,
        timeout: Duration = 15.0,
        attempts: int | None = None,
        within: Duration | None = None,
        linger: Duration = 0.0,
    ) -> None:
        _check_count("attempts", attempts, "attempts")
        if delays is not None:
            _check_delays("delays", delays)
        if drain is not None:
            _check_delays("drain", drain)
        _check_give_up(give_up)
        _positive("timeout", timeout)
        _set(
            self,
            delays=PROMPT if delays is None else delays,
            stable=seconds(stable, "stable"),
            give_up=give_up,
            drain=next(d for d in (drain, delays, SPREAD) if d is not None),
            timeout=timeout_of(timeout),
            attempts=attempts,
            within=None if within is None else _positive("within", within),
            linger=seconds(linger, "linger"),
        )

    def decision(self, error: Exception, *, was_open: bool = False) -> RetryDecision:
        """Decide whether and how an error can be retried.

        A `UsageError`, the caller's mistake, is final. Otherwise the decision of
        `give_up` holds. Without one a 4xx status is final before the first open, but
        for those that may heal (408, 425, 429), and for 401 and 403, which other
        credentials may heal; so is a close code of 1008, policy violation. Anything
        else may heal.

        Args:
            error: The failure.
            was_open: True if the socket was open before: a 4xx is an outage then,
                because an ingress may answer anything during a deployment.
        """
        if isinstance(error, UsageError):
            return RetryDecision.FINAL
        decided = None if self.give_up is None else self.give_up(error)
        if decided is not None:
            return RetryDecision.FINAL if decided else RetryDecision.RETRY
        match error:
            case ConnectionLost():
                is_final = error.code == POLICY_VIOLATION
            case ConnectError(status=int(status)) if status in UNAUTHORIZED:
                return RetryDecision.REFRESH
            case ConnectError(status=int(status)):
                is_refusal = status in CLIENT_ERRORS and status not in TRANSIENT
                is_final = is_refusal and not was_open
            case _:
                is_final = False
        return RetryDecision.FINAL if is_final else RetryDecision.RETRY

    def is_final(self, error: Exception) -> bool:
        """Return True if a retry with the same credentials cannot help."""
        return self.decision(error) is not RetryDecision.RETRY

    def delay(
        self,
        attempt: int,
        error: Exception,
        chance: float,
        now: datetime,
        loss: Exception | None = None,
    ) -> float:
        """Return the seconds before a retry, at least those of a ``Retry-After``.

        Args:
            attempt: The number of the retry, from 1.
            error: The failure.
            chance: A random number from 0 up to 1, for the jitter.
            now: The time of day.
            loss: The error that ended the last connection, if it was another one.
        """
        began = error if loss is None else loss
        delays = self.drain if _sends_all_away(began) else self.delays
        return max(delay_of(delays, attempt, chance), retry_after(error, now))


def _sends_all_away(error: Exception) -> bool:
    return isinstance(error, ConnectionLost) and error.code == SERVICE_RESTART


@dataclass(frozen=True, slots=True)
class Rejoin:
    """Policy for a channel that could not be joined, or that crashed.

    Attributes:
        delays: Seconds before each rejoin.
        give_up: Called with each `JoinRefused`; True makes it final.
            None is by default.
        attempts: The number of refusals and timeouts in a row after which the last
            one is final, whatever `give_up` returns; None for no limit. An accepted
            join starts the count over, a lost connection does not count.
        hint: Called with each `JoinRefused`; returns the least seconds to wait, up to
            120, or None. Such a wait outlives a reconnect.
        at_once: The most joins that are sent together when a connection opens, for
            servers that limit their rate; None for no limit. `Channel.join` on an open
            connection does not wait.
        every: Seconds between the joins beyond `at_once`, which needs it.
        on_close: What a ``phx_close`` of the server is: the ``end`` of all demand, as
            in phoenix.js, or a loss after which to ``rejoin``: after 1 s or more, with
            delays that start over once the channel was joined for 30 s.

    Raises:
        UsageError: An argument has another type, or is out of its range.

    >>> hasty = Rejoin(hint=lambda error: error.response["retry_after_ms"] / 1000)
    >>> paced = Rejoin(at_once=5, every=0.1)
    """

    delays: Delays = Backoff.steps(1, 2, 5, 10, jitter=0.2)
    give_up: Callable[[JoinRefused], bool | None] | None = None
    attempts: int | None = None
    hint: Callable[[JoinRefused], Duration | None] | None = None
    at_once: int | None = None
    every: Duration = 0.0
    on_close: OnClose = "end"

    def __post_init__(self) -> None:
        _check_delays("delays", self.delays)
        _check_give_up(self.give_up)
        _check_count("attempts", self.attempts, "attempts")
        if self.hint is not None:
            takes = "a function of the error that returns seconds, or None"
            check_function("hint", self.hint, takes)
        _check_count("at_once", self.at_once, "joins")
        every = seconds(self.every, "every")
        takes = "a positive number of seconds where at_once is set"
        check(self.at_once is None or every > 0, "every", takes, repr(self.every))
        if self.on_close not in get_args(OnClose):
            choices = " or ".join(map(repr, get_args(OnClose)))
            raise UsageError(f"on_close must be {choices}, got {self.on_close!r}")
        _set(self, every=every)

    def is_final(self, error: JoinRefused) -> bool:
        """Return True if a refused join must not be retried."""
        return self.give_up is not None and bool(self.give_up(error))

    def least_delay(self, error: JoinRefused) -> float | None:
        """Return the least seconds to wait after a refusal, capped; None if any do."""
        hint = None if self.hint is None else self.hint(error)
        wait = None if hint is None else seconds(hint, "the answer of hint")
        return None if wait is None else min(wait, RETRY_AFTER_CAP)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Policy for noticing a dead peer.

    A server closes a socket that sends nothing for 60 s, so the interval stays
    well below.

    Attributes:
        interval: Seconds from the last answer to the next heartbeat.
        timeout: Seconds after a heartbeat within which something must arrive.

    A number over 3,600 gets a `UsageWarning`: it looks like milliseconds.

    Raises:
        UsageError: One of them is 0, or not a duration.
    """

    interval: float
    timeout: float

    def __init__(self, interval: Duration = 25.0, timeout: Duration = 10.0) -> None:
        _positive("interval", interval)
        _positive("timeout", timeout)
        _set(
            self, interval=timeout_of(interval, "interval"), timeout=timeout_of(timeout)
        )


@dataclass(frozen=True, slots=True)
class SendBuffer:
    """Policy for pushes that wait.

    Attributes:
        size: The most pushes of a socket that wait for a join or for the network.
        overflow: ``drop_newest`` cancels the new push, ``drop_oldest`` the one that
            has waited longest.

    Raises:
        UsageError: The size or the overflow is invalid.
    """

    size: int = 1000
    overflow: Overflow = "drop_newest"

    def __post_init__(self) -> None:
        is_valid = is_whole(self.size) and self.size >= 0
        check(is_valid, "size", "a non-negative number of pushes", repr(self.size))
        if self.overflow not in get_args(Overflow):
            choices = " or ".join(map(repr, get_args(Overflow)))
            raise UsageError(f"overflow must be {choices}, got {self.overflow!r}")
