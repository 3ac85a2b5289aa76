"""News of connections and channels, in words."""

import pytest

from rx_phoenix._cli.events import Kind, News, channel_news, connection_news
from rx_phoenix._protocol.lifecycle import AttemptFailed, Closed, Opened, Retrying
from rx_phoenix.errors import ConnectError


def refused():
    error = ConnectError("no connection")
    error.__cause__ = ConnectionRefusedError()
    return error


@pytest.mark.parametrize(
    ("event", "news"),
    [
        (Opened(), News(Kind.GOOD, "The connection opened.")),
        (
            Closed(1012, "", clean=True),
            News(
                Kind.BAD,
                "The server closed the connection with code 1012 (it restarts).",
            ),
        ),
        (
            AttemptFailed(refused(), 2),
            News(Kind.BAD, "Attempt 2 failed: nothing listens there."),
        ),
        (
            AttemptFailed(ConnectError("the cable is out"), 1),
            News(Kind.BAD, "Attempt 1 failed: the cable is out."),
        ),
    ],
)
def test_what_happens_to_the_connection_is_news(cold, expect, event, news):
    expect(connection_news(cold("-e-", {"e": event}))).to_be("-n-", {"n": news})


def test_a_plan_is_no_news(cold, expect):
    expect(connection_news(cold("-r-", {"r": Retrying(1, 0.5)}))).to_be("---")


def test_the_first_join_is_told_from_the_others(cold, expect):
    expect(cold("-a-b-c").pipe(channel_news("room:a"))).to_be(
        "-j-r-r",
        {
            "j": News(Kind.GOOD, "Joined room:a."),
            "r": News(Kind.GOOD, "Rejoined room:a."),
        },
    )
