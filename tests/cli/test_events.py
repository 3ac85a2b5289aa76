"""Notice of connections and channels, in words."""

import pytest

from rx_phoenix._cli.events import Kind, Notice, channel_notices, connection_notices
from rx_phoenix._protocol.lifecycle import AttemptFailed, Closed, Opened, Retrying
from rx_phoenix.errors import ConnectError


def refused():
    error = ConnectError("no connection")
    error.__cause__ = ConnectionRefusedError()
    return error


@pytest.mark.parametrize(
    ("event", "news"),
    [
        (Opened(), Notice(Kind.GOOD, "The connection opened.")),
        (
            Closed(1012, "", clean=True),
            Notice(
                Kind.BAD,
                "The server closed the connection with code 1012 (it restarts).",
            ),
        ),
        (
            AttemptFailed(refused(), 2),
            Notice(Kind.BAD, "Attempt 2 failed: nothing listens there."),
        ),
        (
            AttemptFailed(ConnectError("the cable is out"), 1),
            Notice(Kind.BAD, "Attempt 1 failed: the cable is out."),
        ),
    ],
)
def test_what_happens_to_the_connection_is_news(cold, expect, event, news):
    expect(connection_notices(cold("-e-", {"e": event}))).to_be("-n-", {"n": news})


def test_a_plan_is_no_news(cold, expect):
    expect(connection_notices(cold("-r-", {"r": Retrying(1, 0.5)}))).to_be("---")


def test_the_first_join_is_told_from_the_others(cold, expect):
    expect(cold("-a-b-c").pipe(channel_notices("room:a"))).to_be(
        "-j-r-r",
        {
            "j": Notice(Kind.GOOD, "Joined room:a."),
            "r": Notice(Kind.GOOD, "Rejoined room:a."),
        },
    )
