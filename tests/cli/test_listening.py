"""What happens on a topic."""

import asyncio
import json
from functools import partial

import pytest

from rx_phoenix import Socket
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.listening import (
    ListenOptions,
    TopicEvent,
    bounded,
    event_of,
    events_of,
    listen,
    notices_of,
)
from rx_phoenix._cli.output import Output
from rx_phoenix._protocol.changes import Joined, Left, Updated
from rx_phoenix.errors import ConnectError, JoinRefused
from rx_phoenix.testing import Says
from rx_phoenix.testing._server import PhoenixServer, ServerChannel
from tests.cli.targets import target_for
from tests.cli.terminal import PATIENCE, piped, run, terminal

EVERYTHING = ListenOptions((), presence=False, count=None, seconds=None)
META = {"phx_ref": "1"}


def options(events=(), *, presence=False, count=None, seconds=None):
    return ListenOptions(events, presence, count, seconds)


@pytest.fixture
def said(phx):
    """What a options hears of a topic on which this and that is said."""
    present = {"me": {"metas": [META]}}
    phx.letters(
        a=Says("shout", {"n": 1}),
        b=Says("whisper", b"\x01"),
        s=Says("presence_state", present),
        d=Says("presence_diff", {"joins": {}, "leaves": present}),
    )

    def said(options, server="oj-a-b-s-d"):
        recording = phx.record(events_of(phx.socket.channel("room:a"), options))
        phx.run(server=server)
        return recording.values

    return said


def test_everything_is_heard_but_the_protocol_itself(said):
    assert [item.event for item in said(EVERYTHING)] == [
        "shout",
        "whisper",
        "presence_state",
        "presence_diff",
    ]


def test_an_event_is_heard_with_its_payload(said):
    assert said(EVERYTHING)[:2] == [
        TopicEvent("shout", {"n": 1}),
        TopicEvent("whisper", b"\x01"),
    ]


def test_only_events_that_are_wished_for_are_heard(said):
    assert [item.event for item in said(options(["whisper"]))] == ["whisper"]


def test_the_protocol_itself_is_heard_if_wished_for(said):
    assert [i.event for i in said(options(["phx_error"]), "oj-E")] == ["phx_error"]


def test_presence_is_told_as_who_comes_and_goes(said):
    assert said(options(presence=True)) == [
        TopicEvent("shout", {"n": 1}),
        TopicEvent("whisper", b"\x01"),
        TopicEvent("presence_joined", {"key": "me", "metas": [META]}),
        TopicEvent("presence_left", {"key": "me", "metas": [META]}),
    ]


def test_what_is_heard_ends_when_the_server_closes_the_channel(phx):
    recording = phx.record(
        events_of(phx.socket.channel("room:a"), options(presence=True))
    )
    phx.run(server="oj-C")

    assert recording == phx.marbles("---|")


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (Joined("me", [META], {}, is_first=True), "presence_joined"),
        (Left("me", [META], {}, is_last=True), "presence_left"),
        (Updated("me", [], [META], {}), "presence_updated"),
    ],
)
def test_each_change_of_presence_is_an_event(change, event):
    assert event_of(change) == TopicEvent(event, {"key": "me", "metas": [META]})


def test_a_number_of_events_is_enough(cold, expect, phx_timeline):
    stream = bounded(cold("-a-b-c-"), options(count=2), phx_timeline.scheduler)

    expect(stream).to_be("-a-(b|)")


def test_a_time_is_enough(cold, expect, phx_timeline):
    stream = bounded(cold("-a-b-c-"), options(seconds=0.4), phx_timeline.scheduler)

    expect(stream).to_be("-a-b|")


def test_news_are_of_the_connection_and_of_the_channel(phx):
    channel = phx.socket.channel("room:a")
    news = phx.record(notices_of(phx.socket, channel))
    channel.join()
    phx.run(server="oj")

    assert [item.text for item in news.values] == [
        "The connection opened.",
        "Joined room:a.",
    ]


def test_a_refused_rejoin_is_news_once_and_a_refused_first_join_is_not(phx):
    channel = phx.socket.channel("room:a")
    news = phx.record(notices_of(phx.socket, channel))
    channel.join()
    phx.run(server="or 2s r 2s jE 2s r 4s r")

    reason = {"reason": "unauthorized"}
    full = f"The join of 'room:a' was answered 'error': {reason}. Retrying."
    assert [item.text for item in news.values][1:] == ["Joined room:a.", full]


async def shouts(url, *payloads):
    """Shout from elsewhere."""
    async with Socket(url) as socket:
        channel = socket.channel("room:a")
        await channel.join()
        for payload in payloads:
            channel.push("shout", payload)
        await channel.push("ok")


class Greeter(ServerChannel):
    """Greets whoever joins; stops at once where the topic says so."""

    def __init__(self, greeted):
        self._greeted = greeted

    def join(self, params):
        goodbye = self.stop if self.topic == "room:brief" else self.greet
        self.later(0.0, goodbye)

    def greet(self):
        self.push("welcome", {"to": self.topic})
        self._greeted.set()


@pytest.fixture
def greeted():
    return asyncio.Event()


@pytest.fixture
async def greeting(greeted):
    async with PhoenixServer({"room:*": partial(Greeter, greeted)}) as server:
        yield server


async def test_events_are_shown_until_there_were_enough(server, capsys):
    target = target_for(server.url)
    listening = asyncio.create_task(
        listen(target, ["room:a"], {}, options(["shout"], count=2), Output())
    )
    while not listening.done():
        await shouts(server.url, {"n": 1})

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert await listening is ExitCode.OK
    assert [line["payload"] for line in lines] == [{"n": 1}, {"n": 1}]


async def test_too_few_events_in_the_time_are_a_timeout(server):
    target = target_for(server.url)

    code = await listen(
        target, ["room:a"], {}, options(count=1, seconds=0.05), Output()
    )

    assert code is ExitCode.TIMEOUT


async def test_listening_for_a_time_is_fine_without_events(server):
    target = target_for(server.url)

    assert not await listen(target, ["room:a"], {}, options(seconds=0.05), Output())


async def test_a_channel_that_is_closed_too_early_is_told(greeting):
    target = target_for(greeting.url)

    code = await listen(target, ["room:brief"], {}, options(count=1), Output())

    assert code is ExitCode.UNREACHABLE


async def test_a_refused_join_ends_it(server):
    with pytest.raises(JoinRefused):
        await listen(
            target_for(server.url), ["room:forbidden"], {}, EVERYTHING, Output()
        )


async def test_a_server_that_is_not_there_ends_it(nobody):
    with pytest.raises(ConnectError):
        await listen(target_for(nobody), ["room:a"], {}, EVERYTHING, Output())


@pytest.mark.slow
async def test_it_goes_on_after_a_loss(greeting, greeted, capsys):
    wanted = options(["welcome"], count=2)
    listening = asyncio.create_task(
        listen(target_for(greeting.url), ["room:a"], {}, wanted, Output())
    )
    await asyncio.wait_for(greeted.wait(), PATIENCE)
    await greeting.stop()
    await greeting.start()

    assert await listening is ExitCode.OK
    printed = capsys.readouterr()
    assert printed.out.count("welcome") == 2
    assert "Rejoined room:a." in printed.err


async def test_a_pipe_gets_json_lines(server):
    async with piped("listen", server.url, "room:a", "-n", "1") as process:
        async with asyncio.timeout(PATIENCE):
            assert b"Joined room:a." in await process.stderr.readline()
            await shouts(server.url, {"n": 1})
            line = json.loads(await process.stdout.readline())
            code = await process.wait()

    assert code == 0
    assert (line["event"], line["payload"]) == ("shout", {"n": 1})


async def test_a_terminal_gets_colours(server):
    async with terminal("listen", server.url, "room:a") as screen:
        await screen.until("Joined room:a.")
        await shouts(server.url, {"n": 1})
        await screen.until('shout {"n":1}')
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text


async def test_presence_is_shown_in_a_pipe(server):
    ran = await run(
        *("listen", server.url, "presence:a", "--presence", "-n", "1"),
        *("-p", "user_id=me", "--join", '{"name":"Me"}'),
    )

    line = json.loads(ran.out)
    assert line["event"] == "presence_joined"
    assert line["payload"]["key"] == "me"


async def test_a_refused_join_is_a_sentence(server):
    ran = await run("listen", server.url, "room:forbidden")

    assert ran.code == 1
    assert "unauthorized" in ran.err
    assert "Traceback" not in ran.err


async def test_several_topics_are_listened_to(server):
    args = "listen", server.url, "room:after_join", "room:after_join", "room:a"
    async with piped(*args, "-n", "2") as process:
        async with asyncio.timeout(PATIENCE):
            notices = {(await process.stderr.readline()).decode() for _ in range(2)}
            await shouts(server.url, {"n": 1})
            out, _ = await process.communicate()

    topics = [json.loads(line)["topic"] for line in out.splitlines()]
    assert notices == {"Joined room:a.\n", "Joined room:after_join.\n"}
    assert sorted(topics) == ["room:a", "room:after_join"]
    assert process.returncode == 0


async def test_one_refused_topic_of_several_ends_it(server):
    ran = await run("listen", server.url, "room:a", "room:forbidden")

    assert ran.code == 1
    assert "unauthorized" in ran.err


async def test_a_server_that_is_not_there_yet_can_be_waited_for(server):
    await server.stop()
    args = "listen", server.url, "room:after_join", "--wait", "-n", "1"
    async with piped(*args) as process:
        async with asyncio.timeout(PATIENCE):
            first = (await process.stderr.readline()).decode()
            await server.start()
            line = json.loads(await process.stdout.readline())
            code = await process.wait()

    assert first == "Waiting for the server: nothing listens there.\n"
    assert (code, line["event"]) == (0, "welcome")


async def test_waiting_does_not_help_against_a_wrong_path(server):
    ran = await run("listen", f"{server.url}/nowhere", "room:a", "--wait")

    assert ran.code == 3
    assert "HTTP 404" in ran.err
