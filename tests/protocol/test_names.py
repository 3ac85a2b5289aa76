import pytest

from rx_phoenix._protocol import names
from rx_phoenix._protocol.names import ChannelState, SocketState


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("JOIN", "phx_join"),
        ("LEAVE", "phx_leave"),
        ("REPLY", "phx_reply"),
        ("CLOSE", "phx_close"),
        ("ERROR", "phx_error"),
        ("HEARTBEAT", "heartbeat"),
        ("PHOENIX", "phoenix"),
        ("OK", "ok"),
        ("TIMEOUT", "timeout"),
        ("UNMATCHED_TOPIC", "unmatched topic"),
    ],
)
def test_the_words_are_those_of_the_server(name, word):
    assert getattr(names, name) == word


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (ChannelState, {"closed", "errored", "joined", "joining", "leaving"}),
        (SocketState, {"connecting", "open", "closing", "closed"}),
    ],
)
def test_a_state_is_phoenix_js_word_for_it(states, words):
    assert set(states) == words
    assert all(f"{state}" == state for state in states)
