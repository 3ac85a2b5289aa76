"""Tapes: recording the traffic of a connection, and reading it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._transports.tape import (
    Closed,
    Entry,
    Opened,
    Received,
    Sent,
    read_tape,
    recorded,
)
from tests.strategies import messages

TIMES = st.floats(0, 1e6)
ENTRIES = st.one_of(
    st.builds(Opened, TIMES),
    st.builds(Closed, TIMES, st.integers(1000, 4999), st.text()),
    st.builds(Sent, TIMES, messages),
    st.builds(Received, TIMES, messages),
)


def line(entry):
    return msgspec.json.encode(entry).decode()


def test_a_connection_is_recorded_from_its_opening_to_its_end(phx):
    tape = phx.record(recorded(phx.socket))
    phx.socket.channel("room:a", {"name": "me"}).join()
    phx.run(server="-oj#")

    opened, join, joined, closed = tape.values
    assert opened == Opened(0.1)
    assert join == Sent(0.1, Message("1", "1", "room:a", "phx_join", {"name": "me"}))
    assert joined.message.event == "phx_reply"
    assert closed == Closed(0.3, 1006, "")


def test_a_recording_that_begins_late_begins_with_the_opening(phx):
    phx.socket.connect()
    phx.run(server="o-")
    tape = phx.record(recorded(phx.socket))

    assert tape.values == [Opened(0.0)]


def test_a_recording_ends_with_the_socket(phx):
    tape = phx.record(recorded(phx.socket))
    phx.socket.connect()
    phx.run(server="o-")
    phx.socket.aclose()
    phx.run(server="-")

    assert tape.is_completed


@given(st.lists(ENTRIES, max_size=5))
def test_a_tape_is_read_as_it_was_written(entries):
    assert list(read_tape(line(entry) for entry in entries)) == entries


def test_a_tape_is_read_from_a_file(tmp_path):
    path = tmp_path / "tape.jsonl"
    path.write_text(f"{line(Opened(0.0))}\n{line(Closed(1.0, 1000, ''))}\n")

    assert list(read_tape(path)) == [Opened(0.0), Closed(1.0, 1000, "")]


@pytest.mark.parametrize("kind", [Sent, Received])
def test_bytes_are_decoded_from_the_tape(phx, kind):
    message = Message(None, None, "room:a", "data", b"\x00\xff")
    written = line(kind(0.0, message, is_binary=True))

    (entry,) = read_tape([written])

    assert entry.original == message


def test_a_binary_response_is_decoded_from_the_tape():
    reply = {"status": "ok", "response": b"\x00\xff"}
    message = Message("1", "2", "room:a", "phx_reply", reply)

    (entry,) = read_tape([line(Received(0.0, message, is_binary=True))])

    assert entry.original == message


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nonsense",
        "{}",
        "[]",
        '{"kind":"unknown","at":0}',
        '{"kind":"opened"}',
        '{"kind":"sent","at":0,"message":[1]}',
        '{"kind":"sent","at":0,"binary":true,"message":[null,null,"t","e","*"]}',
        '{"kind":"sent","at":0,"binary":true,"message":[null,null,"t","phx_reply",{}]}',
    ],
)
def test_the_error_names_a_line_that_is_not_an_entry(bad):
    with pytest.raises(UsageError, match="line 2 of the tape is not an entry"):
        list(read_tape([line(Opened(0.0)), bad]))


def test_every_entry_is_one_of_four():
    assert set(Entry.__args__) == {Opened, Closed, Sent, Received}
