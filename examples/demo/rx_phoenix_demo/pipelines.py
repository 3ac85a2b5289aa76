"""Pure pipelines from readings to figures.

Each emits one value for each that it receives, so that they can be zipped together.
Time comes from the readings, not from a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple, TypeVar

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import SocketStats
from rx_phoenix_demo.reading import Reading

__all__ = [
    "Alarm",
    "Figures",
    "Limits",
    "Point",
    "Sample",
    "alarms",
    "averages",
    "counters",
    "figures",
    "frame_rates",
    "last",
    "levels",
    "past",
    "rates",
]

T = TypeVar("T")
R = TypeVar("R")

Operator = Callable[[Observable[T]], Observable[R]]


class Point(NamedTuple):
    """A value with its time."""

    at: float
    value: float


class Sample(NamedTuple):
    """Values by name, with their time."""

    at: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of an alarm: raised from ``high`` on, over below ``low``.

    The gap prevents a value near one threshold from raising an alarm repeatedly.
    """

    high: float
    low: float

    @classmethod
    def below(cls, high: float) -> "Limits":
        """Create limits whose lower threshold is 10 below the upper one."""
        return cls(high, high - 10.0)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A value that is too high.

    Attributes:
        name: The value's name.
        value: The current value.
        since: Time of the rise, in seconds since 1970.
    """

    name: str
    value: float
    since: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything derived from a reading.

    Attributes:
        reading: The reading.
        levels: Current usage in percent.
        averages: The same as moving averages.
        rates: Bytes a second; empty until a second reading.
        past: History of levels, ``average`` of the processor, and rates, oldest first.
        alarms: The averages that are too high.
    """

    reading: Reading
    levels: Mapping[str, float]
    averages: Mapping[str, float]
    rates: Mapping[str, float]
    past: Mapping[str, tuple[Point, ...]]
    alarms: tuple[Alarm, ...]


def levels(reading: Reading) -> Sample:
    """Compute usage in percent: ``cpu``, ``core 0`` and so on, ``memory``."""
    cores = {f"core {number}": busy for number, busy in enumerate(reading.cores)}
    memory = 100.0 * reading.memory / reading.memory_total
    return Sample(reading.at, {"cpu": fmean(reading.cores), **cores, "memory": memory})


def counters(reading: Reading) -> Sample:
    """Extract the counters of transferred bytes."""
    return Sample(
        reading.at,
        {
            "received": reading.received,
            "sent": reading.sent,
            "read": reading.disk_read,
            "written": reading.disk_written,
        },
    )


def averages(window: int) -> Operator[Sample, Sample]:
    """Average each figure over its last values.

    Args:
        window: Number of values; fewer at the start.

    >>> samples = reactivex.of(*(Sample(0, {"cpu": n}) for n in (10, 20, 60)))
    >>> subscription = samples.pipe(averages(2)).subscribe(lambda s: print(s.values))
    {'cpu': 10.0}
    {'cpu': 15.0}
    {'cpu': 40.0}
    """

    def mean(samples: tuple[Sample, ...]) -> Sample:
        latest = samples[-1]
        return Sample(
            latest.at,
            {
                name: fmean(s.values[name] for s in samples if name in s.values)
                for name in latest.values
            },
        )

    return reactivex.compose(last(window), ops.map(mean))


def rates() -> Operator[Sample, Sample]:
    """Compute the growth of each counter per second.

    The first sample has no rates, nor has a counter that starts over, nor a sample
    that is not newer than the one before.

    >>> samples = reactivex.of(Sample(0, {"sent": 100}), Sample(2, {"sent": 300}))
    >>> subscription = samples.pipe(rates()).subscribe(print)
    Sample(at=0, values={})
    Sample(at=2, values={'sent': 100.0})
    """

    def growth(samples: tuple[Sample, ...]) -> Sample:
        before, latest = samples[0], samples[-1]
        elapsed = latest.at - before.at
        return Sample(
            latest.at,
            {
                name: (value - before.values[name]) / elapsed
                for name, value in latest.values.items()
                if elapsed > 0 and value >= before.values.get(name, value + 1)
            },
        )

    return reactivex.compose(last(2), ops.map(growth))


def past(kept: int) -> Operator[Sample, Mapping[str, tuple[Point, ...]]]:
    """Keep the last values of each figure, oldest first.

    Args:
        kept: Number of values of each.
    """

    def add(
        points: Mapping[str, tuple[Point, ...]], sample: Sample
    ) -> Mapping[str, tuple[Point, ...]]:
        added = {
            name: (*points.get(name, ()), Point(sample.at, value))[-kept:]
            for name, value in sample.values.items()
        }
        return {**points, **added}

    empty: Mapping[str, tuple[Point, ...]] = {}
    return ops.scan(add, empty)


def alarms(limits: Limits) -> Operator[Sample, tuple[Alarm, ...]]:
    """Select the figures that are too high, in the order of the sample.

    Args:
        limits: The thresholds.

    >>> samples = reactivex.of(*(Sample(n, {"cpu": n}) for n in (70, 85, 75, 65)))
    >>> alarmed = samples.pipe(alarms(Limits(high=80, low=70)))
    >>> subscription = alarmed.subscribe(print)
    ()
    (Alarm(name='cpu', value=85, since=85),)
    (Alarm(name='cpu', value=75, since=85),)
    ()
    """

    def judge(active: tuple[Alarm, ...], sample: Sample) -> tuple[Alarm, ...]:
        since = {alarm.name: alarm.since for alarm in active}
        return tuple(
            Alarm(name, value, since.get(name, sample.at))
            for name, value in sample.values.items()
            if value >= (limits.low if name in since else limits.high)
        )

    quiet: tuple[Alarm, ...] = ()
    return ops.scan(judge, quiet)


def figures(
    limits: Limits, *, window: int = 5, kept: int = 240
) -> Operator[Reading, Figures]:
    """Run all pipelines on one subscription, and zip their results together.

    Args:
        limits: Thresholds of the alarms.
        window: Number of readings in an average.
        kept: Number of readings in the history.
    """

    def drawn(level: Sample, average: Sample, rate: Sample) -> Sample:
        mean = {"average": average.values["cpu"]}
        return Sample(level.at, {**level.values, **mean, **rate.values})

    def assemble(
        reading: Reading,
        average: Sample,
        rate: Sample,
        lines: Mapping[str, tuple[Point, ...]],
        alarmed: tuple[Alarm, ...],
    ) -> Figures:
        level = levels(reading).values
        return Figures(reading, level, average.values, rate.values, lines, alarmed)

    def together(readings: Observable[Reading]) -> Observable[Figures]:
        level = readings.pipe(ops.map(levels))
        average = level.pipe(averages(window))
        rate = readings.pipe(ops.map(counters), rates())
        lines = reactivex.zip(level, average, rate).pipe(ops.starmap(drawn), past(kept))
        alarmed = average.pipe(alarms(limits))
        figures = reactivex.zip(readings, average, rate, lines, alarmed)
        return figures.pipe(ops.starmap(assemble))

    return ops.publish(together)


def frame_rates(
    stats: Observable[SocketStats], every: float = 1.0
) -> Observable[float]:
    """Compute the frames received per second, from a socket's counters.

    Args:
        stats: The socket's counters.
        every: Seconds between them.
    """

    def growth(counted: tuple[SocketStats, ...]) -> float:
        return (counted[-1].frames_in - counted[0].frames_in) / every

    return stats.pipe(last(2), ops.map(growth))


def last(count: int) -> Operator[T, tuple[T, ...]]:
    """Emit the last values as a tuple; fewer at the start."""
    none: tuple[T, ...] = ()

    def keep(kept: tuple[T, ...], value: T) -> tuple[T, ...]:
        return (*kept, value)[-count:]

    return ops.scan(keep, none)
