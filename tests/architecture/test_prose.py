"""The rules of prose, to which the checks keep documents, help texts and messages."""

import pytest

from scripts.prose.__main__ import sources
from scripts.prose.rules import findings

STUMBLES = """
All of that are policies, which you can replace
the code stands inside `async def`, and what has no import comes from `rx_phoenix`
a test can live through its worst day in milliseconds
two commands do all their own set-up
everything that has to hold
live through a channel, and through an outage
The house, and the way of a frame
no listener can break the way for the others
Beside that stand those who keep the connection alive
Credentials that the server refuses are asked for once more; the same again are the end
except 1008: a policy of the server's forbids it
A long-lived stream errs only when nobody will try again
A reconnect is nothing that your pipeline has to handle
and otherwise start a thread a timer
To stay for a while after the last one left, say while a page is changed
Who comes late gets the latest value
A frame that is none is dropped
the payload is no JSON
a payload is no Tick
'token' is none
The server took us in, by websocket and version 2
Live through whole lives of this client, on a network that does its worst
Play a tape into a client, and show what that hears
What became of a push or a join
What a mistake gets
delays that only start over once a connection has proved good
Await it, chain callbacks as in phoenix.js, or leave it alone
would still not do on this Python
A loop has to run from the first `connect()`
with a bound and a choice of what is dropped
""".strip().splitlines()
"""Sentences that native readers stumbled over."""

PLAIN = """
All of these are policies you can replace
Anything that is not a valid frame is dropped
there is no running loop
a name in code may be `nobody`, and a link [may lead there](somebody.md)
""".strip().splitlines()


@pytest.mark.parametrize("sentence", STUMBLES)
def test_a_sentence_that_readers_stumble_over_is_found(sentence):
    assert [*findings(sentence)]


@pytest.mark.parametrize("sentence", PLAIN)
def test_a_plain_sentence_passes(sentence):
    assert [*findings(sentence)] == []


def test_a_finding_has_its_line_and_a_remedy():
    [found] = findings("one\n```python\nnobody = 1\n```\nIt errs.\n")

    assert (found.line, found.words, found.remedy) == (5, "errs", "fails")


@pytest.mark.parametrize(
    "place", ["README.md", "docs/start.md", "rx_phoenix/_cli/app.py", "scripts/test"]
)
def test_what_people_read_is_checked(root, place):
    assert root / place in set(sources())
