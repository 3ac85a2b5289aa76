"""What the page shows, made of streams: nothing in it knows of sockets or of Bokeh."""

from math import nan
from typing import NamedTuple

import reactivex
from msgspec import Struct
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import ChannelState

PATIENCE = 3.0
"""Seconds without a sample until what is shown counts as stale."""

FEW = 10
"""How many samples the mean is of."""


class Sample(Struct, frozen=True):
    """A measurement, and its time, in seconds since 1970."""

    at: float
    value: float


class View(NamedTuple):
    """The page at one moment."""

    status: str
    samples: tuple[Sample, ...] = ()
    """The latest, oldest first."""

    @property
    def mean(self) -> float:
        """The mean of the latest few; nan before there is one."""
        values = [sample.value for sample in self.samples[-FEW:]]
        return sum(values) / len(values) if values else nan


def views(
    states: Observable[ChannelState], samples: Observable[Sample]
) -> Observable[View]:
    """The page, from a channel's states and from what arrives there."""

    def together(shared: Observable[Sample]) -> Observable[View]:
        none: tuple[Sample, ...] = ()
        return reactivex.combine_latest(
            status(states, shared),
            history(shared).pipe(ops.start_with(none)),
        ).pipe(ops.starmap(View))

    return samples.pipe(ops.publish(together))


def status(
    states: Observable[ChannelState], samples: Observable[Sample]
) -> Observable[str]:
    """One word: live, stale, reconnecting, or what the channel's state is called."""

    def watch(_: object) -> Observable[str]:
        silence = reactivex.timer(PATIENCE).pipe(ops.map(lambda _: "stale"))
        return silence.pipe(ops.start_with("live"))

    def choose(state: ChannelState, freshness: str) -> str:
        match state:
            case ChannelState.JOINED:
                return freshness
            case ChannelState.ERRORED:
                return "reconnecting"
            case _:
                return str(state)

    freshness = samples.pipe(
        ops.map(watch), ops.start_with(watch(None)), ops.switch_latest()
    )
    return reactivex.combine_latest(states, freshness).pipe(
        ops.starmap(choose), ops.distinct_until_changed()
    )


def history(
    samples: Observable[Sample], kept: int = 120
) -> Observable[tuple[Sample, ...]]:
    """The latest samples, oldest first."""

    def keep(known: tuple[Sample, ...], sample: Sample) -> tuple[Sample, ...]:
        return (*known, sample)[-kept:]

    none: tuple[Sample, ...] = ()
    return samples.pipe(ops.scan(keep, none))
