"""Strategies of hypothesis: lanes of a server that are possible.

A client that holds one channel of a `Phx` with its default delays can live through each
of them, with ``phx.answers("h")``. They shrink to the shortest that fails:

    >>> from hypothesis import given, settings
    >>> from rx_phoenix.testing import fresh_phx
    >>> @settings(max_examples=5)
    ... @given(lane=server_lanes())
    ... def test_a_channel_is_joined_whenever_the_server_lets_it(lane):
    ...     with fresh_phx() as phx:
    ...         phx.answers("h")
    ...         phx.record(phx.socket.channel("room:1").joined)
    ...         phx.run(server=lane)
    ...         phx.answers("*J")
    ...         phx.run(server=" 30s ")
    ...         assert phx.socket.channel("room:1").state == "joined"
    >>> test_a_channel_is_joined_whenever_the_server_lets_it()
"""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from rx_phoenix._protocol.checks import check

__all__ = ["server_lanes"]

RECONNECTED = " 15s "
"""An attempt is pending then: up to six delays are 8 s at most, and it takes 15 s."""

REJOINED = " 10s "
"""A join is pending then: each delay is 10 s at most, and it takes 10 s."""

OUTAGES = 6
"""The most attempts that fail and connections that are lost."""

CONNECTING, JOINING, JOINED = range(3)


def server_lanes(says: str = "", max_size: int = 20) -> st.SearchStrategy[str]:
    """Return a strategy of lanes in which every letter is possible.

    They open and lose connections and fail attempts, answer and refuse joins, crash the
    channel, and send the events of your letters.

    Args:
        says: Your letters of `Says` that a joined channel may get.
        max_size: The most letters.

    Raises:
        UsageError: One of the letters has a meaning in these lanes.
    """
    is_free = isinstance(says, str) and not TAKEN & {*says}  # pyright: ignore[reportUnnecessaryIsInstance]
    check(is_free, "says", f"letters other than {''.join(AFTER)}", repr(says))

    def choices(state: int, outages: int) -> Sequence[str]:
        lost = "#" if outages < OUTAGES else ""
        if state == CONNECTING:
            return "o" + ("f" if lost else "")
        return f"jr{lost}" if state == JOINING else f"{says}-E{lost}"

    def lane(numbers: list[int]) -> str:
        text, state, outages = "-", CONNECTING, 0
        for number in numbers:
            letters = choices(state, outages)
            letter = letters[number % len(letters)]
            state, wait = AFTER.get(letter, (state, ""))
            outages += letter in "f#"
            text += letter + wait
        return text

    as_lane: Callable[[list[int]], str] = lane
    return st.lists(st.integers(0, 11), max_size=max_size).map(as_lane)


AFTER = {
    "o": (JOINING, ""),
    "f": (CONNECTING, RECONNECTED),
    "#": (CONNECTING, RECONNECTED),
    "j": (JOINED, ""),
    "r": (JOINING, REJOINED),
    "E": (JOINING, REJOINED),
}
"""The state after a letter, and the time until the client is there."""

TAKEN = frozenset({*AFTER, *"-() "})
