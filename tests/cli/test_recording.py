"""Tapes, made and played."""

import asyncio
import io
import json
import os
import stat
from pathlib import Path

import pytest

from rx_phoenix import Socket
from rx_phoenix._cli.frames import FrameRedactor
from rx_phoenix._cli.listening import ListenOptions
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.recording import (
    Destination,
    joins_of,
    print_lane,
    record,
    redacted,
    replay,
)
from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import ConnectError, UsageError
from rx_phoenix.testing._transports.tape import (
    Closed,
    Opened,
    Received,
    Sent,
    read_tape,
)
from tests.cli.targets import target_for
from tests.cli.terminal import PATIENCE, piped, run, terminal

SECRET = "hunter2hunter2"


def options(*events, presence=False, count=None, seconds=None):
    return ListenOptions(events, presence, count, seconds)


def said(kind, event, payload, *, topic="room:a", at=0.0, refs=(None, None)):
    return kind(at, Message(*refs, topic, event, payload))


@pytest.fixture
def tape(tmp_path):
    return tmp_path / "tape.jsonl"


@pytest.fixture
async def recorded(server, tape):
    """A tape of a join, and of what was shouted then."""
    target = target_for(server.url, token=SECRET)
    joins = {"room:a": {"name": "me", "password": "x"}}
    recording = asyncio.create_task(
        record(target, joins, Destination(tape), options(count=4))
    )
    async with Socket(server.url) as socket:
        channel = socket.channel("room:a")
        await channel.join()
        while not recording.done():
            await channel.push("shout_others", {"n": 1, "note": f"it is {SECRET}"})
    await recording
    return list(read_tape(tape))


async def test_what_was_said_is_on_the_tape_both_ways(recorded):
    opened, join, joined, shout = recorded

    assert isinstance(opened, Opened)
    assert (type(join), join.message.event) == (Sent, "phx_join")
    assert (type(joined), joined.message.event) == (Received, "phx_reply")
    assert (type(shout), shout.message.event) == (Received, "shout")


async def test_times_only_grow(recorded):
    times = [entry.at for entry in recorded]

    assert times == sorted(times)


async def test_no_secret_is_on_the_tape(recorded, tape):
    assert SECRET not in tape.read_text()
    assert recorded[1].message.payload == {"name": "me", "password": "[redacted]"}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
@pytest.mark.parametrize("is_there", [False, True], ids=["new", "overwritten"])
def test_its_owner_alone_may_read_a_tape(tape, umask, is_there):
    if is_there:
        tape.touch(0o644)
    before = os.umask(umask)
    try:
        with Destination(tape, may_overwrite=is_there).open():
            mode = stat.S_IMODE(tape.stat().st_mode)
    finally:
        os.umask(before)

    assert mode == 0o600


async def test_params_of_a_join_are_hidden_by_name_and_wherever_they_recur(
    server, tape
):
    joins = {"room:a": {"auth": "joinsecret-1", "name": "me"}}
    recording = asyncio.create_task(
        record(target_for(server.url), joins, Destination(tape), options(count=4))
    )
    async with Socket(server.url) as socket:
        channel = socket.channel("room:a")
        await channel.join()
        while not recording.done():
            await channel.push("shout_others", {"note": "it is joinsecret-1"})
    await recording

    _, join, _, shout = read_tape(tape)
    assert "joinsecret-1" not in tape.read_text()
    assert join.message.payload == {"auth": "[redacted]", "name": "me"}
    assert shout.message.payload == {"note": "it is [redacted]"}


def test_a_topic_may_be_a_secret_too():
    entry = said(Sent, "hi", {}, topic=f"user:{SECRET}")

    assert redacted(entry, FrameRedactor([SECRET])).message.topic == "user:[redacted]"


@pytest.mark.parametrize("entry", [Opened(0.0), Closed(1.0, 1012, "")])
def test_what_carries_no_message_has_no_secrets(entry):
    assert redacted(entry, FrameRedactor([SECRET])) is entry


async def test_a_tape_is_not_overwritten_by_accident(server, tape):
    tape.write_text("precious")

    with pytest.raises(FileExistsError):
        await record(
            target_for(server.url), {"room:a": {}}, Destination(tape), options(count=1)
        )

    assert tape.read_text() == "precious"


async def test_a_tape_is_overwritten_on_request(server, tape):
    tape.write_text("worthless")
    destination = Destination(tape, may_overwrite=True)

    await record(target_for(server.url), {"room:a": {}}, destination, options(count=1))

    assert len(list(read_tape(tape))) == 1


async def test_a_server_that_is_not_there_is_told(nobody, tape):
    with pytest.raises(ConnectError):
        await record(
            target_for(nobody), {"room:a": {}}, Destination(tape), options(count=1)
        )


def test_the_topics_of_a_tape_are_those_that_were_joined():
    tape = [
        Opened(0.0),
        said(Sent, "phx_join", {"n": 1}),
        said(Sent, "shout", {}),
        said(Received, "phx_join", {}, topic="room:b"),
        said(Sent, "phx_join", {"n": 2}),
    ]

    assert joins_of(tape) == {"room:a": {"n": 1}}


async def test_a_tape_is_heard_again(recorded, tape, capsys):
    await replay(tape, Output(), speed=0.0, options=options())

    (line,) = capsys.readouterr().out.splitlines()
    shout = json.loads(line)
    assert (shout["topic"], shout["event"]) == ("room:a", "shout")


async def test_a_tape_may_come_from_stdin(recorded, tape, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(tape.read_text()))

    await replay(Path("-"), Output(), speed=0.0, options=options())

    assert "shout" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "the tape is empty"), ("{}\n", "line 1 of the tape is not an entry")],
)
async def test_what_is_no_tape_is_told(tape, text, words):
    tape.write_text(text)

    with pytest.raises(UsageError, match=words):
        await replay(tape, Output(), speed=1.0, options=options())


async def test_a_pipe_records_and_another_one_plays_it(server):
    async with (
        piped("record", server.url, "room:a", "-n", "4") as process,
        asyncio.timeout(PATIENCE),
        Socket(server.url) as socket,
    ):
        channel = socket.channel("room:a")
        await channel.join()
        assert b"Joined room:a." in await process.stderr.readline()
        await channel.push("shout_others", {"n": 1})
        tape, _ = await process.communicate()
    played = await run("replay", "-", "--speed", "0", given=tape.decode())

    assert played.code == 0
    assert json.loads(played.out.splitlines()[0])["payload"] == {"n": 1}


async def test_ctrl_c_ends_a_recording_in_a_terminal(server, tape):
    args = ("record", server.url, "room:a", "--to", str(tape))
    async with terminal(*args) as screen:
        await screen.until("Joined room:a.")
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text
    assert len(list(read_tape(tape))) >= 3


async def test_a_terminal_shows_what_is_played(recorded, tape):
    async with terminal("replay", str(tape), "--speed", "0") as screen:
        await screen.until("shout")

        assert await screen.end() == 0


async def test_a_file_that_is_there_already_is_a_sentence(server, tape):
    tape.write_text("precious")

    ran = await run("record", server.url, "room:a", "--to", str(tape))

    assert ran.code == 2
    assert "File exists" in ran.err
    assert "--force" in ran.err
    assert "Traceback" not in ran.err


async def test_a_file_that_is_not_there_is_a_sentence(tape):
    ran = await run("replay", str(tape))

    assert ran.code == 2
    assert "No such file" in ran.err


async def test_a_recording_is_printed_as_a_test_file(recorded, tape, capsys):
    print_lane(tape)

    printed = capsys.readouterr().out
    compile(printed, "test_tape.py", "exec")
    assert "def test_the_recording(phx):" in printed
    assert "'room:a'" in printed
    assert SECRET not in printed
