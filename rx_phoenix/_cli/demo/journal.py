"""News of alarms, in words."""

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.demo.pipelines import Alarm
from rx_phoenix._cli.events import Kind, News

__all__ = ["alarm_news"]


def alarm_news(alarms: Observable[tuple[Alarm, ...]]) -> Observable[News]:
    """Which alarms were raised and which are over, from those that are on."""

    def compare(pair: tuple[tuple[Alarm, ...], ...]) -> Observable[News]:
        before, now = ({alarm.name: alarm for alarm in alarms} for alarms in pair)
        raised = [
            News(Kind.BAD, f"Alarm: {name} is at {alarm.value:.0f} %.")
            for name, alarm in now.items()
            if name not in before
        ]
        over = [
            News(Kind.GOOD, f"The alarm about {name} is over.")
            for name in before
            if name not in now
        ]
        return reactivex.from_iterable(raised + over)

    none: tuple[Alarm, ...] = ()
    return alarms.pipe(ops.start_with(none), ops.pairwise(), ops.flat_map(compare))
