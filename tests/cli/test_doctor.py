"""The doctor, as a whole."""

import json

import pytest

from rx_phoenix._cli.doctor import doctor
from rx_phoenix._cli.doctor_steps import STEPS
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix.testing._server import PhoenixServer, ServerChannel
from tests.cli.targets import target_for
from tests.cli.terminal import run, terminal


async def test_every_step_is_reported(server, capsys):
    code = await doctor(target_for(server.url), "room:a", {}, json=False)

    lines = capsys.readouterr().out.splitlines()
    assert code is ExitCode.OK
    assert len(lines) == len(STEPS)
    assert all(name in line for name, line in zip(STEPS, lines, strict=True))


async def test_it_stops_at_the_first_step_that_fails(nobody, capsys):
    code = await doctor(target_for(nobody), None, {}, json=False)

    lines = capsys.readouterr().out.splitlines()
    assert code is ExitCode.UNREACHABLE
    assert [line.split()[0] for line in lines[:2]] == ["ok", "FAILED"]
    assert "Is the server running?" in lines[2]


class Dropping(ServerChannel):
    """Hangs up on whoever joins."""

    def join(self, params):
        self.kill_transport()


async def test_a_lost_connection_is_told_with_its_history(capsys):
    async with PhoenixServer({"room:*": Dropping}) as server:
        target = target_for(server.url, timeout=1.0)
        code = await doctor(target, "room:a", {}, json=False)

    assert code is ExitCode.UNREACHABLE
    assert "The connection broke without a close frame" in capsys.readouterr().out


async def test_it_speaks_json_on_request(server, capsys):
    await doctor(target_for(server.url), None, {}, json=True)

    steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [step["step"] for step in steps] == list(STEPS)
    assert steps[2]["verdict"] == "skipped"


async def test_json_has_no_history(capsys):
    async with PhoenixServer({"room:*": Dropping}) as server:
        await doctor(target_for(server.url, timeout=1.0), "room:a", {}, json=True)

    assert all(json.loads(line) for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("path", "more", "code"),
    [
        ("/socket", (), 0),
        ("/v1only", (), 3),
        ("/v1only", ("--vsn", "1"), 0),
        ("/nowhere", (), 3),
        ("/socket", ("--topic", "room:forbidden"), 1),
    ],
)
async def test_a_pipe_gets_plain_lines_and_an_exit_code(server, path, more, code):
    ran = await run("doctor", server.url.replace("/socket", path), *more)

    assert ran.code == code
    assert "\x1b" not in ran.out
    assert "Traceback" not in ran.err


async def test_a_terminal_gets_them_too(server):
    async with terminal("doctor", server.url) as screen:
        await screen.until("round trip")

        assert await screen.end() == 0


async def test_no_secret_is_told(server):
    ran = await run(
        *("doctor", server.url, "--param", "token=bad", "--token", "hunter2hunter2"),
    )

    assert ran.code == 3
    assert "hunter2hunter2" not in ran.out + ran.err
