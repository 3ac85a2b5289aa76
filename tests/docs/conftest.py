"""What the code in a page stands in: an open socket of a reference app."""

import asyncio
import logging
from threading import Thread

import pytest

from rx_phoenix import Socket
from rx_phoenix.testing import reference_app
from tests.docs.blocks import run_inside, run_program


@pytest.fixture(autouse=True)
def logging_as_before():
    """A page may set up logging, which is for this page alone."""
    logger = logging.getLogger("rx_phoenix")
    handlers, level = logger.handlers[:], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def run(capsys):
    """Run a block that has no tests in it; what it prints is what its page says."""

    async def run(block):
        params = {"user_id": "jo"}
        async with reference_app() as server, Socket(server.url, params=params) as it:
            await run_inside(block, socket=it, url=server.url)
            printed = capsys.readouterr().out
        assert not block.output or printed == block.output

    return run


@pytest.fixture
def run_alone(capsys):
    """Run a program; what it prints is what its page says."""

    def run_alone(block):
        run_program(block)
        assert capsys.readouterr().out == block.output

    return run_alone


@pytest.fixture(scope="module")
def served():
    """The URL of a server that programs and commands can speak to."""
    loop = asyncio.new_event_loop()
    server = reference_app()
    thread = Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(timeout=5)
    yield server.url
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(timeout=5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
