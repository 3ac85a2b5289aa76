"""Who is on a topic."""

import json

import pytest

from rx_phoenix import Socket
from rx_phoenix._cli.listening import ListenOptions
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.presence import presence
from rx_phoenix.errors import JoinRefused
from tests.cli.targets import target_for
from tests.cli.terminal import run, terminal

TOPIC = "presence:a"


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


async def test_whoever_is_there_is_shown(server, capsys):
    target = target_for(server.url, params={"user_id": "me"})
    async with Socket(server.url, params={"user_id": "other"}) as socket:
        await socket.channel(TOPIC).join()
        await presence(target, TOPIC, {"name": "Me"}, Output(), None)

    shown = lines(capsys.readouterr().out)
    assert sorted(line["key"] for line in shown) == ["me", "other"]
    assert {"Me"} <= {line["metas"][0]["name"] for line in shown}


async def test_whoever_comes_and_goes_is_shown_on_request(server, capsys):
    target = target_for(server.url, params={"user_id": "me"})
    options = ListenOptions((), presence=True, count=None, seconds=1.0)

    await presence(target, TOPIC, {}, Output(), options)

    assert lines(capsys.readouterr().out)[0]["key"] == "me"


async def test_a_topic_that_nobody_counts_is_told(server):
    target = target_for(server.url, timeout=0.5)

    with pytest.raises(TimeoutError, match="presence_state"):
        await presence(target, "room:a", {}, Output(), None)


async def test_a_refused_join_is_told(server):
    with pytest.raises(JoinRefused):
        await presence(target_for(server.url), "room:forbidden", {}, Output(), None)


async def test_a_pipe_gets_a_json_line_for_each(server):
    ran = await run("presence", server.url, TOPIC, "-p", "user_id=me")

    assert ran.code == 0
    assert [line["key"] for line in lines(ran.out)] == ["me"]


async def test_a_terminal_follows_who_comes(server):
    async with terminal("presence", server.url, TOPIC, "--follow") as screen:
        await screen.until('"key":"anon"')
        async with Socket(server.url, params={"user_id": "late"}) as socket:
            await socket.channel(TOPIC).join()
            await screen.until("presence_joined")
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text
