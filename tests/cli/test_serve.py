"""The reference app as a command."""

import asyncio
import logging
import re
import signal
from contextlib import suppress

import aiohttp
import pytest

from rx_phoenix import Socket
from rx_phoenix._cli.serve import OneLine, serve
from rx_phoenix.testing._reference import reference_app
from tests.cli.terminal import PATIENCE, piped, run, terminal


async def url_of(process):
    """The URL of the app; the next line has that of its end."""
    async with asyncio.timeout(PATIENCE):
        line = (await process.stdout.readline()).decode()
    return re.search(r"ws://\S+", line)[0]


async def stop_of(process):
    async with asyncio.timeout(PATIENCE):
        line = (await process.stdout.readline()).decode()
    return re.search(r"curl -X POST '(\S+)'", line)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
async def test_it_serves_until_it_is_told_to_stop(number, code):
    async with piped("serve", "--port", "0") as process:
        async with Socket(await url_of(process)) as socket:
            channel = socket.channel("room:lobby")
            await channel.join()
            answer = await channel.push("echo", {"n": 1})
        await stop_of(process)
        process.send_signal(number)
        out, err = await process.communicate()

    assert answer == {"n": 1}
    assert process.returncode == code
    assert (out, err) == (b"", b"")


@pytest.mark.slow
async def test_it_ends_with_ctrl_c_in_a_terminal():
    async with terminal("serve", "--port", "0") as screen:
        await screen.until("Ctrl-C ends it")
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text


@pytest.mark.slow
async def test_it_ends_when_it_is_stopped_over_http():
    async with piped("serve", "--port", "0") as process:
        await url_of(process)
        stop = await stop_of(process)
        async with aiohttp.ClientSession() as http:
            by_image = await http.get(stop)
            by_guess = await http.post(stop.partition("?")[0])
            by_page = await http.post(stop, headers={"Origin": "https://evil.example"})
            accepted = await http.post(stop)
        async with asyncio.timeout(PATIENCE):
            code = await process.wait()

    assert code == 0
    assert [by_image.status, by_guess.status, by_page.status] == [405, 403, 403]
    assert accepted.status == 200


@pytest.mark.slow
@pytest.mark.parametrize("given", ["https://app.example", "*"])
async def test_an_origin_can_be_opened(given):
    async with piped("serve", "--port", "0", "--origin", given) as process:
        url = await url_of(process)
        async with Socket(url, headers={"Origin": "https://app.example"}) as socket:
            assert await socket.channel("room:lobby").join()


@pytest.mark.slow
async def test_a_taken_port_is_told_in_a_sentence():
    async with reference_app() as server:
        ran = await run("serve", "--port", str(server.port))

    assert ran.code == 2
    assert "address already in use" in ran.err
    assert "--port 0" in ran.err
    assert "Traceback" not in ran.err


async def test_a_cancellation_leaves_the_log_as_it_was():
    logger = logging.getLogger("rx_phoenix")
    before = list(logger.handlers)

    serving = asyncio.create_task(serve("127.0.0.1", 0))
    await asyncio.sleep(0)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving

    assert logger.handlers == before


def test_a_record_without_an_exception_is_its_message():
    record = logging.makeLogRecord({"msg": "A client of %s", "args": ("room:a",)})

    assert OneLine().format(record) == "A client of room:a"
