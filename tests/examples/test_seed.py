"""The examples of phoenix.js's documentation, in Python, each run as a program."""

import runpy
from itertools import groupby
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

SAID = {
    "constructor": """
        room:lobby was joined with {'user_id': 123}
        room:user:456 was joined with {'token': 'token 1'}
        room:guest was joined with {'token': 'fetched'}
        room:general was joined with {'role': 'member'}
        room:user:456 was joined again with {'token': 'token 2'}
    """,
    "properties": """
        Channel topic: room:lobby
        Channel state: closed
        Not ready for messages: the channel is closed
        Channel state: joining
        Channel state: joined
        The server heard: {'body': 'Hello!'}
        Channel state: leaving
        Channel state: closed
    """,
    "lifecycle": """
        Joined successfully: {'messages': ['hi', 'hello']}
        Failed to join: {'reason': 'unauthorized'}
        Join timed out
        Left channel successfully
        Left channel successfully
        Left channel successfully
        Catching up on messages: ['hi', 'hello']
        Turned away: {'reason': 'unauthorized'}
    """,
    "events": """
        New message: Hi!
        From user: jo
        User joined: kim
        Users: ['kim']
        User joined: lee
        Users: ['kim', 'lee']
        The listener is gone
    """,
    "sending": """
        Message sent: Hello, world!
        Upload URL received: https://example.org/up
        Upload request timed out
        Profile saved! John Doe
        Validation errors: {'reason': 'nope'}
        Saved: John Doe
        Refused: {'reason': 'nope'}
    """,
    "handlers": """
        Channel error: {'reason': 'channel_crash'}
        Joined again
        Channel closed: {}
        Close ref: 3
        Join ref: 3
        Connection to room lost
        Left, without a callback
    """,
    "on_message": """
        Message [phx_reply] with ref 1: {'response': {}, 'status': 'ok'}
        Message [custom_event] with ref None: {'n': 1}
        Heard: {'processed': True, 'payload': {'n': 1}}
        Message [phx_reply] with ref 3: {'response': {}, 'status': 'ok'}
        Heard: {'number': 1, 'n': 1}
        Heard: {'number': 2, 'n': 1}
        Message [phx_close] with ref None: leave
    """,
    "state": """
        Channel is closed
        Channel is joining...
        Looked: Channel is joining...
        Channel is active
        Looked: Channel is active
        Channel is leaving...
        Channel is closed
        Looks no more
    """,
    "recovery": """
        With a callback and a counter:
        Rejoining in 0.01 s (attempt 1)
        Joined again
        Rejoining in 0.01 s (attempt 1)
        Rejoining in 0.02 s (attempt 2)
        Rejoining in 0.04 s (attempt 3)
        Rejoining in 0.08 s (attempt 4)
        Rejoining in 0.16 s (attempt 5)
        Max rejoin attempts exceeded
        With one expression:
        Rejoining in 0.01 s (attempt 1)
        Rejoining in 0.02 s (attempt 2)
        Joined: {'n': 2, 'topic': 'room:flaky'}
        Rejoining in 0.01 s (attempt 1)
        Joined: {'n': 3, 'topic': 'room:flaky'}
        Rejoining in 0.01 s (attempt 1)
        Rejoining in 0.02 s (attempt 2)
        Rejoining in 0.04 s (attempt 3)
        Rejoining in 0.08 s (attempt 4)
        Rejoining in 0.16 s (attempt 5)
        Max rejoin attempts exceeded: JoinRefused
    """,
}
"""What each example says. A line that it says several times in a row counts once."""


def lines(text):
    stripped = [line.strip() for line in text.strip().splitlines()]
    return [line for line, _ in groupby(stripped)]


@pytest.mark.parametrize("name", SAID)
def test_an_example_does_what_it_says(name, capsys):
    runpy.run_path(str(EXAMPLES / f"seed_{name}.py"), run_name="__main__")

    assert lines(capsys.readouterr().out) == lines(SAID[name])


def test_every_example_is_run():
    names = {path.stem.removeprefix("seed_") for path in EXAMPLES.glob("seed_*.py")}

    assert names == set(SAID)
