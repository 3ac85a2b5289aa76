"""From readings to what the screen shows: pure pipelines, Observable in and out.

Each emits one value for each that it gets, so that they can be zipped together again.
Time is what the readings say it is; no pipeline asks a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple, TypeVar

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.demo.reading import Reading
from rx_phoenix.stats import SocketStats

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
    "last",
    "levels",
    "paces",
    "past",
    "rates",
]

T = TypeVar("T")
R = TypeVar("R")

Operator = Callable[[Observable[T]], Observable[R]]


class Point(NamedTuple):
    """A figure, and when it was read."""

    at: float
    value: float


class Sample(NamedTuple):
    """Figures by their names, and when they were read."""

    at: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Limits:
    """When there is alarm: from ``high`` on, and until it is below ``low`` again.

    The gap keeps a figure that wavers about one limit from alarming all the time.
    """

    high: float
    low: float

    @classmethod
    def below(cls, high: float) -> "Limits":
        """The limits whose gap is 10 below the upper one."""
        return cls(high, high - 10.0)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A figure that is too high.

    Attributes:
        name: The figure's name.
        value: What it is now.
        since: When it rose too high, in seconds since 1970.
    """

    name: str
    value: float
    since: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that there is to show of a reading.

    Attributes:
        reading: The reading.
        levels: How full things are now, in percent.
        averages: The same, as moving averages.
        rates: Bytes a second; empty where it takes a second reading to know.
        past: Levels, ``average`` of the processor, and rates of the last while, oldest
            first.
        alarms: The averages that are too high.
    """

    reading: Reading
    levels: Mapping[str, float]
    averages: Mapping[str, float]
    rates: Mapping[str, float]
    past: Mapping[str, tuple[Point, ...]]
    alarms: tuple[Alarm, ...]


def levels(reading: Reading) -> Sample:
    """How full things are, in percent: ``cpu``, ``core 0`` and so on, ``memory``."""
    cores = {f"core {number}": busy for number, busy in enumerate(reading.cores)}
    memory = 100.0 * reading.memory / reading.memory_total
    return Sample(reading.at, {"cpu": fmean(reading.cores), **cores, "memory": memory})


def counters(reading: Reading) -> Sample:
    """What was moved so far, in bytes."""
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
    """The mean of each figure over its last values.

    Args:
        window: How many values; at the start there are fewer.

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
    """How much each counter grows in a second.

    The first sample has no rates; nor has a counter that starts over, nor a sample
    that is no newer than the one before.

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
    """The last values of each figure, oldest first.

    Args:
        kept: How many of each.
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
    """The figures that are too high, in the order of their names.

    Args:
        limits: From where on a figure is too high, and until where.

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
    """All of it: the pipelines above, fed from one subscription and zipped together.

    Args:
        limits: When there is alarm.
        window: Over how many readings the averages go.
        kept: How many readings the past reaches back.
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


def paces(stats: Observable[SocketStats], every: float = 1.0) -> Observable[float]:
    """How many frames arrive in a second, from what was counted.

    Args:
        stats: The figures of a socket.
        every: Seconds from one to the next.
    """

    def growth(counted: tuple[SocketStats, ...]) -> float:
        return (counted[-1].frames_in - counted[0].frames_in) / every

    return stats.pipe(last(2), ops.map(growth))


def last(count: int) -> Operator[T, tuple[T, ...]]:
    """The last values as a tuple; at the start there are fewer."""
    none: tuple[T, ...] = ()

    def keep(kept: tuple[T, ...], value: T) -> tuple[T, ...]:
        return (*kept, value)[-count:]

    return ops.scan(keep, none)
