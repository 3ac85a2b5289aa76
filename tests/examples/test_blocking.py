"""The examples of phoenix.js's documentation, without await, and what they print."""

from itertools import groupby
from textwrap import dedent

import pytest

from tests.examples.program import EXAMPLES, running

PRINTED = {
    "constructor": """
        room:lobby was joined with {'user_id': 123}
        room:user:456 was joined with {'token': 'token 1'}
        room:user:456 was joined again with {'token': 'token 2'}
    """,
    "properties": """
        Channel topic: room:lobby
        Not ready for messages: the channel is closed
        The server answered: {'body': 'Hello!'}
        Channel state: closed
    """,
    "lifecycle": """
        Joined successfully: {'messages': ['hi', 'hello']}
        Failed to join: {'reason': 'unauthorized'}
        Join timed out
        Left channel successfully
    """,
    "events": """
        In the loop: 0
        In the loop: 1
        In the loop: 2
        By the function: 0
        By the function: 1
        None listens any more
    """,
    "sending": """
        Message sent: Hello, world!
        Upload URL received
        Upload request timed out
        Validation errors: {'reason': 'nope'}
        From four threads: 4950
    """,
    "handlers": """
        Channel error: {'reason': 'channel_crash'}
        Joined again
        Channel closed: {} of the join True
        Left, without a notice
    """,
    "on_message": """
        Message [phx_reply] with ref 1
        Message [custom_event] with ref None
        Got: {'processed': True, 'payload': {'n': 1}}
    """,
    "state": """
        Channel is closed
        Channel is joining...
        Channel is active
        Channel is leaving...
        Channel is closed
    """,
    "recovery": """
        Attempt 1 was refused
        Attempt 2 was refused
        Joined: True
        ['joined', 'errored', 'joining', 'joined']
        Attempt 1 was refused
        Attempt 2 was refused
        Attempt 3 was refused
        Attempt 4 was refused
        Attempt 5 was refused
        Attempt 6 was refused
        Joined: False
    """,
}


@pytest.mark.parametrize("name", PRINTED)
async def test_an_example_prints_what_it_does(server, name):
    async with running(f"blocking_{name}.py", "--url", server.url) as program:
        code, lines = await program.end()

    # Warnings of the library are logged between them.
    expected = dedent(PRINTED[name]).strip().splitlines()
    printed = [line for line in lines if line in expected]
    assert [line for line, _ in groupby(printed)] == expected
    assert code == 0


def test_every_example_is_run():
    names = EXAMPLES.glob("blocking_*.py")

    assert {it.stem.removeprefix("blocking_") for it in names} == set(PRINTED)
