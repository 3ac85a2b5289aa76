"""The prompt, driven as a user does, and from a pipe."""

import stat

import pytest

from rx_phoenix import Socket
from tests.cli.terminal import run, terminal


async def shout(url, payload):
    """Shout from elsewhere."""
    async with Socket(url) as socket:
        channel = socket.channel("room:lobby")
        await channel.join()
        channel.push("shout", payload)
        await channel.push("ok")


async def test_a_user_joins_watches_pushes_and_leaves(server, tmp_path):
    home = str(tmp_path)
    async with terminal("shell", server.url, XDG_STATE_HOME=home) as screen:
        await screen.until("Try help.")
        screen.press("join room:lobby\r")
        await screen.until('"topic":"room:lobby"')
        screen.press('push room:lobby echo {"n": 41}\r')
        await screen.until('{"n":41}')
        screen.press("watch room:lobby\r")
        await screen.until('"topic":"room:lobby"}', times=2)
        await shout(server.url, {"n": 42})
        await screen.until('shout {"n":42}')
        screen.press("unwatch room:lobby\r")
        screen.press("leave room:lobby\r")
        screen.press("push room:lobby echo\r")
        await screen.until("'room:lobby' is not joined")
        screen.press("quit\r")

        assert await screen.end() == 0
        assert "Traceback" not in screen.text


async def test_a_plain_terminal_gets_prompts_without_escape_sequences(server):
    async with terminal("shell", server.url, NO_COLOR="1") as screen:
        await screen.until("> ")
        screen.press("\r")
        await screen.until("> ", times=2)
        screen.press("join room:lobby\r")
        await screen.until('"topic":"room:lobby"')
        await screen.until("> ", times=3)
        screen.press("\x04")  # Ctrl-D

        assert await screen.end() == 0
        assert "\x1b" not in screen.raw


async def test_a_join_that_is_refused_is_not_retried(server):
    lines = "join room:forbidden\nstatus\npush room:forbidden echo\n"
    ran = await run("shell", server.url, given=lines)

    assert ran.code == 2
    assert "is not joined: unauthorized" not in ran.out
    assert "retried" not in ran.err
    assert "'room:forbidden' is not joined: try join room:forbidden" in ran.err


async def test_the_history_is_kept_for_its_owner_alone(server, tmp_path):
    home = str(tmp_path)
    async with terminal("shell", server.url, XDG_STATE_HOME=home) as screen:
        await screen.until("Try help.")
        screen.press("join room:lobby\r")
        await screen.prompted(times=2)
        screen.press("\x04")  # Ctrl-D
        assert await screen.end() == 0
    async with terminal("shell", server.url, XDG_STATE_HOME=home) as screen:
        await screen.until("Try help.")
        # The prompt reads the history after it is shown; up does nothing before that.
        await screen.press_until("\x1b[A", "join room:lobby")
        screen.press("\r")
        await screen.until('"topic":"room:lobby"')

    file = tmp_path / "rx-phoenix" / "history"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_ctrl_c_ends_it(server, tmp_path):
    home = str(tmp_path)
    async with terminal("shell", server.url, XDG_STATE_HOME=home) as screen:
        await screen.until("Try help.")
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text


async def test_news_of_the_connection_are_shown(server, tmp_path):
    home = str(tmp_path)
    async with terminal("shell", server.url, XDG_STATE_HOME=home) as screen:
        await screen.until("Try help.")
        await server.stop()
        await screen.until("The server closed the connection")
        await server.start()
        await screen.until("The connection opened.")
        screen.press("status\r")
        await screen.until("open")


LINES = """
join room:lobby {"name": "jo"}
push room:lobby echo {"n": 1}
push room:lobby ok
leave room:lobby
"""


async def test_commands_may_come_from_a_pipe(server):
    ran = await run("shell", server.url, given=LINES)

    joined = '{"params":{"name":"jo"},"topic":"room:lobby"}'
    assert ran.code == 0
    assert ran.out.splitlines() == [joined, '{"n":1}', "{}"]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("nonsense", 2, "There is no command 'nonsense': try help"),
        ("push room:a echo", 2, "'room:a' is not joined: try join room:a"),
        ("push room:a", 2, "Push needs TOPIC EVENT"),
        ("leave room:a", 2, "'room:a' is not joined"),
        ("leave", 2, "Leave needs TOPIC"),
        ("join ", 2, "Join needs TOPIC"),
        ("unwatch room:a", 2, "'room:a' is not watched"),
        ("join room:forbidden", 1, "unauthorized"),
        ("watch room:forbidden", 1, "unauthorized"),
        ("join room:a nonsense", 2, "The params must be a JSON object"),
    ],
)
async def test_a_mistake_is_a_sentence_and_the_rest_is_done(server, line, code, words):
    ran = await run("shell", server.url, given=f"{line}\njoin room:b\nquit\njoin x\n")

    assert ran.code == code
    assert words in " ".join(ran.err.split())
    assert ran.out.count("topic") == 1
    assert "Traceback" not in ran.err


async def test_help_lists_the_commands(server):
    ran = await run("shell", server.url, given="help\n")

    for command in "join", "leave", "push", "watch", "unwatch", "status", "quit":
        assert f"\n{command} " in f"\n{ran.out}"


WATCHING = """
watch room:after_join
push room:after_join ok
"""


async def test_events_that_are_watched_are_json_in_a_pipe(server):
    ran = await run("shell", server.url, given=WATCHING)

    assert '"event":"welcome"' in ran.out
