"""The marbles in the operators' docstrings are true."""

import asyncio
import inspect
import re
from types import SimpleNamespace

import pytest
from reactivex import Observable
from reactivex.disposable import Disposable

import rx_phoenix
from rx_phoenix import operators
from rx_phoenix.testing._marbles.parser import parse
from rx_phoenix.testing._marbles.recording import letter_of
from rx_phoenix.testing._marbles.timeline import Timeline

DIAGRAM = re.compile(
    r"Marbles, with ``(?P<expression>[^`]+)``[^:]*::\n\n(?P<lanes>(?: {4,}\w+ .+\n)+)"
)
VALUES = {letter: letter for letter in "abcdJ+x"} | {str(n): n for n in range(10)}
KINDS = {
    "source": Timeline.cold,
    "stream": Timeline.cold,
    "events": Timeline.hot,
    "joins": Timeline.hot,
    "snapshots": Timeline.hot,
}
"""What kind of source a lane is, by its name; the others are observers."""

TICK = 0.1


async def work(value):
    await asyncio.sleep(3 * TICK)
    return value


async def fetch(last, first):
    await asyncio.sleep(TICK)
    return range(last + 1, 7 if first is None else first)


def count(state, _):
    return state + 1


NAMES = {"count": count, "fetch": fetch, "work": work}


def of_task(begin, scheduler):
    """A stream of what a coroutine function emits, which is begun at subscription."""

    def subscribe(observer, _=None):
        task = scheduler.loop.create_task(begin(observer))
        task.add_done_callback(lambda task: task.cancelled() or observer.on_completed())
        return Disposable(task.cancel)

    return Observable(subscribe)


def of_first(evaluate, sources, scheduler):
    async def main(observer):
        observer.on_next(await evaluate())

    return of_task(main, scheduler)


def of_calls(evaluate, sources, scheduler):
    async def main(observer):
        async def note_and_work(value):
            observer.on_next(value)
            await work(value)

        await evaluate(work=note_and_work)

    return of_task(main, scheduler)


def of_rounds(evaluate, sources, scheduler):
    async def main(observer):
        async with evaluate() as items:
            async for item in items:
                observer.on_next(item)
                await work(item)

    return of_task(main, scheduler)


def of_channel(evaluate, sources, scheduler):
    channel = SimpleNamespace(
        state="closed",
        joins=sources["joins"],
        stream=lambda event: sources["events"],
        _extend_params=lambda extra: Disposable(),
    )
    return evaluate(channel=channel)


def of_pushes(evaluate, sources, scheduler):
    def push(event, batch, timeout=None):
        async def answer(observer):
            await asyncio.sleep(TICK)
            observer.on_next(batch[-1])

        return of_task(answer, scheduler)

    channel = SimpleNamespace(push=push)
    return sources["source"].pipe(evaluate(channel=channel))


def of_pipe(evaluate, sources, scheduler):
    return next(iter(sources.values())).pipe(evaluate())


STREAMS = {
    "first_value": of_first,
    "for_each": of_calls,
    "push_each": of_pushes,
    "resume": of_channel,
    "values": of_rounds,
}
"""How what is no operator becomes a stream."""


def diagrams():
    for name in operators.__all__:
        if inspect.isfunction(operator := getattr(operators, name)):
            yield pytest.param(name, f"{inspect.getdoc(operator)}\n", id=name)


class Observer:
    """What one lane expects, and what came."""

    def __init__(self, lane):
        self.lane = parse(lane)
        self.comes = self.time_of("^", default=0.0)
        self.leaves = self.time_of("!", default=None)
        self.recording = ()

    def time_of(self, letter, default):
        times = (mark.time for mark in self.lane.marks if mark.letter == letter)
        return next(times, default)

    def observe(self, stream, timeline):
        def come():
            self.recording = timeline.record(stream)

        timeline.at(self.comes, come)
        if self.leaves is not None:
            timeline.at(self.leaves, self.leave)

    def leave(self):
        self.recording.dispose()

    @property
    def expected(self):
        marks = self.lane.marks
        return [(mark.time, mark.letter) for mark in marks if mark.letter not in "^!"]

    @property
    def actual(self):
        return [(time, letter_of(said, VALUES)) for time, said in self.recording]


@pytest.mark.parametrize(("name", "text"), list(diagrams()))
def test_the_marbles_of_an_operator_are_true(name, text):
    diagram = DIAGRAM.search(text)
    assert diagram, f"{name} has no marbles"
    lanes = dict(
        line.strip().split(maxsplit=1) for line in diagram["lanes"].splitlines()
    )
    timeline = Timeline()
    sources = {
        lane_name: KINDS[lane_name](timeline, lane, VALUES)
        for lane_name, lane in lanes.items()
        if lane_name in KINDS
    }
    observers = {
        lane_name: Observer(lane)
        for lane_name, lane in lanes.items()
        if lane_name not in KINDS
    }
    streams, of = {}, STREAMS.get(name, of_pipe)
    with timeline.scheduler.loop.running():
        for choice, observer in observers.items():
            expression = diagram["expression"].replace("…", repr(choice))

            def evaluate(expression=expression, **more):
                names = vars(operators) | vars(rx_phoenix) | NAMES | sources | more
                return eval(expression, names)

            stream = streams.setdefault(
                expression, of(evaluate, sources, timeline.scheduler)
            )
            observer.observe(stream, timeline)
        timeline.run_until(max(observer.lane.end for observer in observers.values()))
        timeline.dispose()
        timeline.scheduler.advance_by(0)

    actual = {name: observer.actual for name, observer in observers.items()}
    assert actual == {name: observer.expected for name, observer in observers.items()}
