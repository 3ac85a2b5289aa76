import msgspec
import pytest
from msgspec import Raw, Struct

from rx_phoenix._streams.decoding import decoder
from rx_phoenix._streams.typed import EventHub, TypedEvents
from rx_phoenix.errors import PayloadError, UsageError


class Point(Struct):
    x: int


class Other(Struct):
    x: int


@pytest.fixture
def hub(reported):
    return EventHub(reported.append)


@pytest.fixture
def points(hub, reported):
    return TypedEvents(hub, decoder(Point), reported.append)


def emit(hub, payload):
    """Emit as the router does; returns whether the payload was decoded once."""
    raw = Raw(msgspec.json.encode(payload))
    is_done = hub.on_raw(raw)
    if not is_done:
        hub.on_next(msgspec.json.decode(raw))
    return is_done


def test_the_only_observer_gets_values_decoded_once(hub, points, log):
    log.subscribe_to(points)

    ways = [emit(hub, {"x": number}) for number in range(3)]

    assert log == [Point(0), Point(1), Point(2)]
    # The first emission finds out who observes.
    assert ways == [False, True, True]


def test_observers_of_several_types_and_none_keep_their_order(hub, points, reported):
    got = []
    others = TypedEvents(hub, decoder(Other), reported.append)
    for stream in (points, hub.observable, others, points):
        stream.subscribe(got.append)

    for _ in range(2):
        assert not emit(hub, {"x": 1})

    assert got == [Point(1), {"x": 1}, Other(1), Point(1)] * 2


def test_an_observer_that_is_left_alone_gets_values_decoded_once_again(
    hub, points, log, other
):
    log.subscribe_to(points)
    plain = other.subscribe_to(hub.observable)
    emit(hub, {"x": 1})
    plain.dispose()

    assert [emit(hub, {"x": 2}), emit(hub, {"x": 3})] == [False, True]
    assert log == [Point(1), Point(2), Point(3)]
    assert other == [{"x": 1}]


def test_a_newcomer_gets_the_next_event(hub, points, log, other):
    log.subscribe_to(points)
    emit(hub, {"x": 1})
    emit(hub, {"x": 2})
    other.subscribe_to(hub.observable)

    assert not emit(hub, {"x": 3})
    assert other == [{"x": 3}]


def test_who_left_gets_nothing_more(hub, points, log):
    subscription = log.subscribe_to(points)
    emit(hub, {"x": 1})
    emit(hub, {"x": 2})
    subscription.dispose()

    assert not emit(hub, {"x": 3})
    assert log == [Point(1), Point(2)]


def test_a_payload_that_does_not_fit_is_reported_with_its_contents(
    hub, points, log, reported
):
    log.subscribe_to(points)
    for x in (1, 2, "three", 4):
        emit(hub, {"x": x})

    assert log == [Point(1), Point(2), Point(4)]
    [error] = reported
    assert isinstance(error, PayloadError)
    assert error.payload == {"x": "three"}


def test_an_observer_that_raises_is_reported_and_lives_on(hub, points, reported):
    got = []

    def picky(point):
        got.append(point.x)
        if point.x == 2:
            raise ZeroDivisionError

    points.subscribe(picky)
    for x in range(4):
        emit(hub, {"x": x})

    assert got == [0, 1, 2, 3]
    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_an_event_inside_an_emission_waits_its_turn(hub, points):
    notes = []

    def answer(point):
        notes.append(("in", point.x))
        if point.x == 1:
            emit(hub, {"x": 2})
        notes.append(("out", point.x))

    points.subscribe(answer)
    emit(hub, {"x": 0})
    emit(hub, {"x": 1})

    assert notes == [(edge, x) for x in (0, 1, 2) for edge in ("in", "out")]


def test_its_end_is_that_of_the_events(hub, points, log):
    log.subscribe_to(points)
    hub.on_completed()

    assert log == ["completed"]


def test_a_coroutine_function_is_refused(points):
    async def note(_):
        pass

    with pytest.raises(UsageError, match="coroutine function"):
        points.subscribe(note)
