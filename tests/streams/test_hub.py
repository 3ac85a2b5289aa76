import asyncio
import functools
import gc
import threading

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.observer import Observer

from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import UsageError
from tests.growth import least_seconds


class Boom(Exception):
    pass


def raising(*_):
    raise Boom


@pytest.fixture
def hub(reported):
    return Hub(reported.append)


@pytest.fixture
def stream(hub):
    return hub.observable


# What it is.


def test_it_is_a_subject_in_reactivex_own_sense(hub):
    assert isinstance(hub, abc.SubjectBase)


def test_its_outside_is_an_observable_that_cannot_emit(stream):
    assert isinstance(stream, Observable)
    assert not isinstance(stream, abc.ObserverBase)
    assert not hasattr(stream, "on_next")


def test_its_outside_is_always_the_same(hub):
    assert hub.observable is hub.observable


def test_it_can_observe_another_stream(hub, stream, log):
    log.subscribe_to(stream)
    source = Hub(print)

    source.observable.subscribe(hub)
    source.on_next(1)
    source.on_completed()

    assert log == [1, "completed"]


def test_an_observer_object_takes_part_like_functions_do(hub, stream):
    got = []

    stream.subscribe(Observer(got.append, got.append, lambda: got.append("end")))
    hub.on_next(1)
    hub.on_completed()

    assert got == [1, "end"]


def test_whoever_has_the_methods_of_an_observer_is_one(hub, stream):
    class Duck:
        def __init__(self):
            self.got = []
            self.on_next = self.on_error = self.got.append

        def on_completed(self):
            self.got.append("end")

    duck = Duck()
    stream.subscribe(duck)
    hub.on_next(1)
    hub.on_completed()

    assert duck.got == [1, "end"]


def test_an_observer_may_look_at_the_end_only(hub, stream, log):
    stream.subscribe(on_completed=lambda: log.append("completed"))
    hub.on_next(1)
    hub.on_completed()

    assert log == ["completed"]


def test_it_knows_whether_anybody_is_subscribed(hub, stream):
    before = hub.is_watched
    subscription = stream.subscribe()
    during = hub.is_watched
    subscription.dispose()

    assert (before, during, hub.is_watched) == (False, True, False)


def test_it_tells_when_the_first_comes_and_the_last_goes(reported):
    changes = []
    hub = Hub(reported.append, changes.append)

    first = hub.observable.subscribe()
    second = hub.observable.subscribe()
    first.dispose()
    first.dispose()
    second.dispose()
    hub.observable.subscribe()

    assert changes == [1, -1, 1]


def test_its_end_counts_as_the_last_going(reported):
    changes = []
    hub = Hub(reported.append, changes.append)

    subscription = hub.observable.subscribe()
    hub.on_completed()
    subscription.dispose()

    assert changes == [1, -1]


def test_an_unwatched_end_is_no_change(reported):
    changes = []
    hub = Hub(reported.append, changes.append)

    hub.on_completed()

    assert changes == []


# Isolation.


def test_an_observer_that_raises_starves_nobody(hub, stream, log, other, reported):
    log.subscribe_to(stream)
    stream.subscribe(raising)
    other.subscribe_to(stream)

    hub.on_next(1)

    assert log == other == [1]
    assert [type(error) for error in reported] == [Boom]


def test_an_observer_that_raised_lives_on(hub, stream, log, reported):
    def picky(value):
        if value == 1:
            raise Boom
        log.append(value)

    stream.subscribe(picky)
    for value in range(3):
        hub.on_next(value)

    assert log == [0, 2]
    assert len(reported) == 1


def test_an_observer_behind_operators_that_raised_lives_on(hub, stream, log, reported):
    def picky(value):
        if value == 1:
            raise Boom
        log.append(value)

    stream.pipe(ops.map(lambda value: value), ops.filter(bool)).subscribe(picky)
    for value in range(3):
        hub.on_next(value)

    assert log == [2]
    assert len(reported) == 1


def test_a_function_inside_an_operator_fails_its_own_chain(
    hub, stream, log, other, reported
):
    log.subscribe_to(stream.pipe(ops.map(lambda value: 1 / value)))
    other.subscribe_to(stream)
    for value in (1, 0, 2):
        hub.on_next(value)

    assert log == [1.0, ("error", "division by zero")]
    assert other == [1, 0, 2]
    assert reported == []


def test_a_chain_that_fails_unheard_is_reported(hub, stream, other, reported):
    stream.pipe(ops.map(lambda value: 1 / value)).subscribe()
    other.subscribe_to(stream)
    for value in (1, 0, 2):
        hub.on_next(value)

    assert other == [1, 0, 2]
    assert [type(error) for error in reported] == [ZeroDivisionError]


@pytest.mark.parametrize("end", ["error", "completed"])
def test_the_end_reaches_everybody_whoever_raises(hub, stream, log, other, end):
    log.subscribe_to(stream)
    stream.subscribe(on_error=raising, on_completed=raising)
    other.subscribe_to(stream)

    if end == "error":
        hub.on_error(Boom("over"))
    else:
        hub.on_completed()

    assert log == other == [("error", "over") if end == "error" else "completed"]


def test_an_end_handler_that_raises_is_reported(hub, stream, reported):
    stream.subscribe(on_completed=raising)
    hub.on_completed()

    assert [type(error) for error in reported] == [Boom]


def test_an_error_that_an_observer_does_not_handle_is_reported(
    hub, stream, log, reported
):
    stream.subscribe(log.append)
    log.subscribe_to(stream)

    hub.on_error(Boom("over"))

    assert log == [("error", "over")]
    assert [str(error) for error in reported] == ["over"]


def test_each_observer_gets_an_error_of_its_own(hub, stream):
    got = []
    stream.subscribe(on_error=got.append)
    stream.subscribe(on_error=got.append)
    hub.on_error(Boom("over"))
    stream.subscribe(on_error=got.append)

    assert [str(error) for error in got] == ["over"] * 3
    assert len({id(error) for error in got}) == 3


def test_a_cancelled_error_of_an_observer_is_contained(hub, stream, other, reported):
    cancelled = asyncio.CancelledError()

    def look_at_a_cancelled_future(_):
        raise cancelled

    stream.subscribe(look_at_a_cancelled_future)
    other.subscribe_to(stream)
    hub.on_next(1)

    assert other == [1]
    assert [error.__cause__ for error in reported] == [cancelled]


def test_an_interrupt_passes_and_leaves_the_hub_usable(hub, stream, log, reported):
    def interrupt(value):
        if value == 1:
            raise KeyboardInterrupt

    stream.subscribe(interrupt)
    log.subscribe_to(stream)
    with pytest.raises(KeyboardInterrupt):
        hub.on_next(1)
    hub.on_next(2)
    hub.on_completed()

    assert log == [2, "completed"]
    assert reported == []


def test_what_waited_during_an_interrupt_comes_before_what_is_new(hub, stream, log):
    def interrupt(value):
        if value == 1:
            hub.on_next(2)
            hub.on_next(3)
            raise KeyboardInterrupt

    log.subscribe_to(stream)
    stream.subscribe(interrupt)
    with pytest.raises(KeyboardInterrupt):
        hub.on_next(1)
    hub.on_next(4)

    assert log == [1, 2, 3, 4]


def test_an_end_that_waited_during_an_interrupt_comes_before_what_is_new(
    hub, stream, log
):
    def interrupt(value):
        hub.on_next(2)
        hub.on_completed()
        raise KeyboardInterrupt

    log.subscribe_to(stream)
    subscription = stream.subscribe(interrupt)
    with pytest.raises(KeyboardInterrupt):
        hub.on_next(1)
    subscription.dispose()
    hub.on_error(Boom("later"))

    assert log == [1, 2, "completed"]


# Order.


def test_all_observers_see_nested_events_in_the_same_order(hub, stream, log, other):
    def answer(value):
        if value < 3:
            hub.on_next(value + 1)

    log.subscribe_to(stream)
    stream.subscribe(answer)
    other.subscribe_to(stream)

    hub.on_next(1)

    assert log == other == [1, 2, 3]


def test_an_end_inside_an_emission_waits_its_turn(hub, stream, log, other):
    def answer(value):
        hub.on_next("last words")
        hub.on_completed()

    log.subscribe_to(stream)
    subscription = stream.subscribe(lambda value: value == 1 and answer(value))
    other.subscribe_to(stream)

    hub.on_next(1)
    subscription.dispose()

    assert log == other == [1, "last words", "completed"]


def test_a_hundred_thousand_nested_events_need_no_recursion(hub, stream, log):
    def count_up(value):
        log.append(value)
        if value < 100_000:
            hub.on_next(value + 1)

    stream.subscribe(count_up)
    hub.on_next(1)

    assert log == list(range(1, 100_001))


def test_who_was_disposed_during_an_event_does_not_get_it(hub, stream, log):
    stream.subscribe(lambda value: younger.dispose())
    younger = log.subscribe_to(stream)

    hub.on_next(1)

    assert log == []


def test_who_was_disposed_during_the_end_does_not_get_it(hub, stream, log):
    def keep_it_for_myself():
        younger.dispose()

    stream.subscribe(on_completed=keep_it_for_myself)
    younger = log.subscribe_to(stream)

    hub.on_completed()

    assert log == []


def test_who_subscribes_during_an_event_starts_with_the_next(hub, stream, log):
    def let_in(value):
        if value == 1:
            log.subscribe_to(stream)
            hub.on_next(2)

    stream.subscribe(let_in)
    hub.on_next(1)
    hub.on_next(3)

    assert log == [2, 3]


def test_who_disposes_itself_gets_nothing_more(hub, stream, log):
    def once(value):
        log.append(value)
        subscription.dispose()

    subscription = stream.subscribe(once)
    hub.on_next(1)
    hub.on_next(2)

    assert log == [1]


def test_an_observer_that_is_left_alone_goes_on_as_before(hub, stream, log, other):
    log.subscribe_to(stream)
    hub.on_next(1)
    sibling = other.subscribe_to(stream)
    hub.on_next(2)
    sibling.dispose()
    hub.on_next(3)
    other.subscribe_to(stream)
    hub.on_next(4)

    assert log == [1, 2, 3, 4]
    assert other == [2, 4]


def test_a_sole_observer_that_gives_way_to_another_gets_nothing_more(
    hub, stream, log, other
):
    def give_way(value):
        log.append(value)
        subscription.dispose()
        other.subscribe_to(stream)
        hub.on_next(value + 1)

    subscription = stream.subscribe(give_way)
    hub.on_next(1)
    hub.on_next(3)

    assert log == [1]
    assert other == [2, 3]


def test_a_sole_observer_gets_a_nested_event_after_the_one_it_is_in(hub, stream):
    notes = []

    def answer(value):
        notes.append(("in", value))
        if value == 1:
            hub.on_next(2)
        notes.append(("out", value))

    stream.subscribe(answer)
    hub.on_next(0)
    hub.on_next(1)

    assert notes == [(edge, value) for value in (0, 1, 2) for edge in ("in", "out")]


class HubMachine(RuleBasedStateMachine):
    """Every observer hears all values of its time, in order, whatever others do."""

    def __init__(self):
        super().__init__()
        self.hub = Hub(lambda error: None)
        self.emitted = []
        self.present = []
        self.gone = []

    @rule()
    def subscribe(self):
        heard = []
        subscription = self.hub.observable.subscribe(heard.append)
        self.present.append((len(self.emitted), heard, subscription))

    @rule(data=st.data())
    def dispose(self, data):
        if self.present:
            index = data.draw(st.integers(0, len(self.present) - 1))
            since, heard, subscription = self.present.pop(index)
            subscription.dispose()
            self.gone.append((heard, self.emitted[since:]))

    @rule()
    def subscribe_one_that_raises(self):
        self.hub.observable.subscribe(raising)

    @rule(value=st.integers())
    def emit(self, value):
        self.emitted.append(value)
        self.hub.on_next(value)

    @rule(values=st.lists(st.integers(), max_size=3))
    def emit_inside_an_emission(self, values):
        def echo(value):
            if value == "go":
                for nested in values:
                    self.emit(nested)

        subscription = self.hub.observable.subscribe(echo)
        self.emit("go")
        subscription.dispose()

    @invariant()
    def everybody_heard_it_all(self):
        assert all(heard == self.emitted[since:] for since, heard, _ in self.present)
        assert all(heard == expected for heard, expected in self.gone)


TestHubMachine = HubMachine.TestCase


# The end.


def test_nothing_comes_after_the_end(hub, stream, log):
    log.subscribe_to(stream)
    hub.on_completed()
    hub.on_next(1)
    hub.on_error(Boom())
    hub.on_completed()

    assert log == ["completed"]


@pytest.mark.parametrize("end", [("error", "over"), "completed"])
def test_an_ended_hub_tells_its_end_at_once(hub, stream, log, end):
    if end == "completed":
        hub.on_completed()
    else:
        hub.on_error(Boom("over"))
    log.subscribe_to(stream)

    assert log == [end]
    assert hub.has_ended
    assert not hub.is_watched


def test_a_hub_has_not_ended_before_its_end(hub):
    assert not hub.has_ended


def test_who_subscribes_in_an_end_handler_hears_the_end(hub, stream, log):
    stream.subscribe(on_completed=lambda: log.subscribe_to(stream) and None)
    hub.on_completed()

    assert log == ["completed"]


# Cost.


def processor_seconds(stream, count):
    """The least time in which so many observers come, and go in the order reversed."""

    def come_and_go():
        subscriptions = [stream.subscribe(print) for _ in range(count)]
        for subscription in reversed(subscriptions):
            subscription.dispose()

    return least_seconds(come_and_go)


@pytest.mark.performance
def test_sixteen_times_as_many_observers_take_no_square_of_the_time(hub, stream):
    # 256 times as long would be the square; caches that are full cost some.
    assert processor_seconds(stream, 24_000) < 100 * processor_seconds(stream, 1_500)
    assert not hub.is_watched


def test_a_hub_has_neither_lock_nor_thread(hub, stream, log):
    threads = threading.active_count()
    log.subscribe_to(stream)
    hub.on_next(1)

    locks = (type(threading.Lock()), type(threading.RLock()))
    assert not any(isinstance(part, locks) for part in gc.get_referents(hub))
    assert threading.active_count() == threads


def test_a_disposed_observer_is_let_go(hub, stream):
    class Heavy:
        def __call__(self, value):
            """Take it."""

    heavy = Heavy()
    subscription = stream.subscribe(heavy)
    hub.on_next(1)
    subscription.dispose()
    hub.on_next(2)

    gc.collect()
    assert not any(
        isinstance(referrer, tuple | dict | type(subscription))
        for referrer in gc.get_referrers(heavy)
        if referrer is not globals()
    )


# What cannot work is refused.


async def coroutine_function(*_):
    """Would never be awaited."""


class AsyncCallable:
    async def __call__(self, *_):
        """Would never be awaited."""


class AsyncObserver:
    on_next = on_error = on_completed = staticmethod(coroutine_function)


@pytest.mark.parametrize(
    "arguments",
    [
        (coroutine_function,),
        (functools.partial(coroutine_function, 1),),
        (AsyncCallable(),),
        (AsyncObserver(),),
        (print, coroutine_function),
        (print, print, coroutine_function),
    ],
    ids=["function", "partial", "callable", "observer", "on_error", "on_completed"],
)
def test_a_coroutine_function_is_refused(hub, stream, arguments):
    with pytest.raises(UsageError, match="map_async"):
        stream.subscribe(*arguments)

    assert not hub.is_watched


def test_iterating_is_refused_with_a_way_that_works(stream):
    with pytest.raises(UsageError, match=r"async with values\(stream\)"):
        iter(stream)


def test_looking_for_a_member_is_refused(stream):
    with pytest.raises(UsageError, match="async with values"):
        assert 1 in stream


def test_iterating_asynchronously_is_refused_with_a_way_that_works(stream):
    with pytest.raises(UsageError, match=r"async with values\(stream\)"):
        aiter(stream)


async def test_awaiting_is_refused_with_a_way_that_works(stream):
    with pytest.raises(UsageError, match="first_value"):
        await stream


def test_blocking_on_it_is_refused_with_a_way_that_works(stream):
    with pytest.raises(UsageError, match="first_value"):
        stream.run()
