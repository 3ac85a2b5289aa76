"""What is measured: one table for all clients."""

from msgspec import Struct

__all__ = ["CASES", "Case"]


class Case(Struct, frozen=True, kw_only=True):
    """One thing to measure.

    Attributes:
        name: Its name.
        what: What happens, for the reader of the table.
        kind: ``receive``, ``push``, ``exchange``, ``join``, ``presence`` or ``first``.
        count: How many events, pushes or channels.
        topics: Over how many topics events are spread.
        events: Over how many names.
        in_flight: How many pushes at a time.
        listeners: How many handlers hear each event.
        handling: ``plain``, ``typed`` (into a Struct), ``operators`` (a filter and a
            map of reactivex), ``binary``, or an ``async def`` whose events are
            ``queued`` or have the socket ``waiting``; of an exchange, whether answers
            are ``awaited`` or get a ``callback``.
        is_general: Whether all clients run it, or only those that can say it.
    """

    name: str
    what: str
    kind: str = "receive"
    count: int = 50_000
    topics: int = 1
    events: int = 1
    in_flight: int = 1
    listeners: int = 1
    handling: str = "plain"
    is_general: bool = False


CASES = {
    case.name: case
    for case in (
        Case(name="burst", what="50,000 events, one handler", is_general=True),
        Case(
            name="many",
            what="50,000 events over 1,000 topics, a handler each",
            topics=1000,
            is_general=True,
        ),
        Case(
            name="pipe",
            what="pushes, 100 in flight",
            kind="push",
            count=10_000,
            in_flight=100,
            is_general=True,
        ),
        Case(
            name="seq",
            what="pushes, one in flight",
            kind="push",
            count=2000,
            is_general=True,
        ),
        Case(
            name="wide",
            what="50,000 events of 100 names on one topic, a handler each",
            events=100,
        ),
        Case(name="many-10", what="as many, over 10 topics", topics=10),
        Case(name="many-10000", what="as many, over 10,000 topics", topics=10_000),
        Case(
            name="operators",
            what="burst, with a filter and a map of reactivex behind it",
            handling="operators",
        ),
        Case(name="typed", what="burst, each payload into a Struct", handling="typed"),
        Case(name="binary", what="burst of binary frames", handling="binary"),
        Case(
            name="queued",
            what="burst, an `async def` for each event, all of them queued",
            handling="queued",
        ),
        Case(
            name="waiting",
            what='the same, with 1,000 queued at most and overflow="wait"',
            handling="waiting",
        ),
        Case(
            name="callback",
            what="pushes, one in flight, an event behind each answer, by callbacks",
            kind="exchange",
            count=2000,
            handling="callback",
        ),
        Case(
            name="awaited",
            what="the same, each answer awaited",
            kind="exchange",
            count=2000,
            handling="awaited",
        ),
        Case(
            name="fan-out-10",
            what="10,000 events, 10 handlers for each",
            count=10_000,
            listeners=10,
        ),
        Case(
            name="fan-out-1000",
            what="200 events, 1,000 handlers for each",
            count=200,
            listeners=1000,
        ),
        Case(
            name="presence",
            what="a state of 10,000 users, then 1,000 diffs",
            kind="presence",
            count=1000,
        ),
        Case(
            name="join-storm", what="10,000 channels joined", kind="join", count=10_000
        ),
        Case(
            name="first",
            what="connect, join, first event",
            kind="first",
            count=1,
        ),
    )
}
