"""An event, and its answer."""

import asyncio

import pytest
from reactivex import operators as ops

from rx_phoenix import Socket
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.pushing import PushOptions, push, request
from rx_phoenix.errors import ConnectError, JoinRefused, PushTimeout
from rx_phoenix.operators import first_value
from rx_phoenix.testing._server import PhoenixServer, ServerChannel
from tests.cli.targets import target_for
from tests.cli.terminal import PATIENCE, piped, run, terminal


def options_for(event, payload=None, topic="room:a"):
    return PushOptions(topic, {}, event, payload or {})


@pytest.fixture
def target(server):
    return target_for(server.url, timeout=5.0)


async def test_an_answer_is_shown(target, capsys):
    code = await push(target, options_for("echo", {"n": 1}), Output())

    assert code is ExitCode.OK
    assert capsys.readouterr().out == '{"n":1}\n'


@pytest.mark.parametrize("event", ["fail", "custom_status"])
async def test_an_answer_that_is_not_ok_is_shown_too(target, capsys, event):
    code = await push(target, options_for(event, {"status": "odd"}), Output())

    printed = capsys.readouterr()
    assert code is ExitCode.REFUSED
    assert printed.out in {'{"reason":"nope"}\n', '{"s":"odd"}\n'}
    assert "The server replied" in printed.err


async def test_an_answer_that_never_comes_is_a_timeout(server):
    with pytest.raises(PushTimeout):
        await push(
            target_for(server.url, timeout=0.3), options_for("noreply"), Output()
        )


async def test_a_push_without_an_answer_arrives(target, server):
    async with Socket(server.url) as listener:
        channel = listener.channel("room:a")
        shout = first_value(channel.events("shout"), timeout=10)
        await channel.join()
        code = await push(target, options_for("shout", {"n": 1}), Output(), wait=False)

        assert code is ExitCode.OK
        assert await shout == {"n": 1}


@pytest.mark.parametrize("command", [push, request])
async def test_a_refused_join_is_told(target, command):
    options = {} if command is push else {"attempts": 3}

    with pytest.raises(JoinRefused):
        await command(
            target, options_for("echo", topic="room:forbidden"), Output(), **options
        )


async def test_a_request_is_answered_like_a_push(target, capsys):
    code = await request(target, options_for("echo", {"n": 1}), Output(), attempts=1)

    assert code is ExitCode.OK
    assert capsys.readouterr().out == '{"n":1}\n'


async def test_a_request_takes_a_no_for_an_answer(target):
    code = await request(target, options_for("fail"), Output(), attempts=9)

    assert code is ExitCode.REFUSED


async def test_a_request_waits_for_a_server_that_is_not_there_yet(server, capsys):
    await server.stop()
    target = target_for(server.url, timeout=10.0)
    requesting = asyncio.create_task(
        request(target, options_for("echo", {"n": 1}), Output(), attempts=3)
    )
    await asyncio.sleep(0)
    await server.start()

    assert await requesting is ExitCode.OK


class Moody(ServerChannel):
    """Hangs up on the first push of all."""

    pushes = 0

    def handle_in(self, event, payload, ref):
        Moody.pushes += 1
        if Moody.pushes == 1:
            self.kill_transport()
        else:
            self.reply(ref, "ok", {"pushes": Moody.pushes})


async def test_a_request_tries_again_after_a_loss(capsys):
    async with PhoenixServer({"room:*": Moody}) as server:
        target = target_for(server.url)
        code = await request(target, options_for("hello"), Output(), attempts=3)

    assert code is ExitCode.OK
    assert capsys.readouterr().out == '{"pushes":2}\n'


async def test_a_request_that_never_reached_the_server_says_so(nobody):
    target = target_for(nobody, timeout=0.5)

    with pytest.raises(ConnectError):
        await request(target, options_for("echo"), Output(), attempts=1)


async def test_the_notice_of_a_retry_names_the_missing_server(nobody, capsys):
    target = target_for(nobody, timeout=0.5)

    with pytest.raises(ConnectError):
        await request(target, options_for("echo"), Output(), attempts=2)

    assert f"No connection to {nobody}" in capsys.readouterr().err


async def test_a_request_that_has_no_answer_says_so(server, capsys):
    target = target_for(server.url, timeout=0.3)

    with pytest.raises(PushTimeout):
        await request(target, options_for("noreply"), Output(), attempts=2)

    assert "Retrying in" in capsys.readouterr().err


async def test_a_request_to_a_server_that_refuses_us_ends(server):
    target = target_for(server.url.replace("/socket", "/v1only"))

    with pytest.raises(ConnectError):
        await request(target, options_for("echo"), Output(), attempts=3)


@pytest.mark.parametrize("command", ["push", "request"])
async def test_a_pipe_gets_json_and_an_exit_code(server, command):
    ok = await run(command, server.url, "room:a", "echo", "-", given='{"n": 1}')
    refused = await run(command, server.url, "room:a", "fail")

    assert (ok.code, ok.out) == (0, '{"n":1}\n')
    assert (refused.code, refused.out) == (1, '{"reason":"nope"}\n')


@pytest.mark.parametrize("command", ["push", "request"])
async def test_a_terminal_gets_the_answer_too(server, command):
    async with terminal(command, server.url, "room:a", "echo", '{"n": 1}') as screen:
        await screen.until('{"n":1}')

        assert await screen.end() == 0


async def test_a_payload_that_is_no_json_is_a_sentence(server):
    ran = await run("push", server.url, "room:a", "echo", "{n: 1}")

    assert ran.code == 2
    assert "not valid JSON" in ran.err
    assert "Traceback" not in ran.err


async def test_a_token_stays_off_the_command_line(server):
    ran = await run(
        *("push", server.url, "room:a", "whoami", "--token", "env:MY_TOKEN"),
        MY_TOKEN="secret",
    )

    assert '"auth_token":"secret"' in ran.out


async def test_a_long_poll_carries_it_as_well(server):
    ran = await run("push", server.url, "room:a", "whoami", "--transport", "longpoll")

    assert '"transport":"longpoll"' in ran.out


async def test_lines_of_stdin_are_pushed_one_by_one(server):
    lines = '{"n":1}\n\n{"n":2}\n{"n":3}'
    ran = await run("push", server.url, "room:a", "echo", "-", given=lines)

    assert (ran.code, ran.out) == (0, '{"n":1}\n{"n":2}\n{"n":3}\n')


async def test_a_reply_is_shown_before_the_next_line_is_there(server):
    async with piped("push", server.url, "room:a", "echo", "-") as process:
        for line in b'{"n":1}\n', b'{"n":2}\n':
            process.stdin.write(line)
            async with asyncio.timeout(PATIENCE):
                assert await process.stdout.readline() == line
        process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0


@pytest.mark.parametrize(
    ("event", "lines", "code", "out"),
    [
        ("echo", '{"n":1}\nnonsense\n{"n":2}\n', 2, '{"n":1}\n{"n":2}\n'),
        ("fail", "{}\n{}\n", 1, '{"reason":"nope"}\n' * 2),
        ("noreply", "{}\n", 4, ""),
        ("echo", "", 0, ""),
    ],
)
async def test_the_exit_code_is_that_of_the_worst(server, event, lines, code, out):
    ran = await run(
        "push", server.url, "room:a", event, "-", "--timeout", "1", given=lines
    )

    assert (ran.code, ran.out) == (code, out)
    assert "Traceback" not in ran.err


async def test_lines_without_replies_arrive(server):
    async with Socket(server.url) as listener:
        channel = listener.channel("room:a")
        shouts = first_value(
            channel.events("shout").pipe(ops.take(2), ops.to_list()), timeout=PATIENCE
        )
        await channel.join()
        ran = await run(
            *("push", server.url, "room:a", "shout", "-", "--no-reply"),
            given='{"n":1}\n{"n":2}\n',
        )

        assert (ran.code, ran.out) == (0, "")
        assert await shouts == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("way", ["PYTHONUTF8", "PYTHONCOERCECLOCALE"])
async def test_text_of_any_language_is_utf_8_in_any_locale(server, way):
    other = {way: "0", "PYTHONIOENCODING": "cp1252", "LC_ALL": "C"}
    ran = await run("push", server.url, "room:a", "echo", '{"a":"日本"}', **other)
    lines = await run(
        "push", server.url, "room:a", "echo", "-", given='"日本"', **other
    )

    assert (ran.code, ran.out) == (0, '{"a":"日本"}\n')
    assert (lines.code, lines.out) == (0, '"日本"\n')
