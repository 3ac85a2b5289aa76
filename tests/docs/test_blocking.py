"""docs/blocking.md: its blocks run one after another, and print what they show."""

import pytest

from rx_phoenix.blocking import Socket
from rx_phoenix.testing import reference_app
from tests.blocking.served import served
from tests.docs.blocks import URL, blocks_of

FIRST, *REST = blocks_of("docs/blocking.md")


@pytest.fixture(scope="module")
def app():
    with served(reference_app) as app:
        yield app


def run(block, **names):
    exec(compile(block.code, f"line {block.line}", "exec"), names)


def test_the_first_program_prints_what_it_shows(app, capsys):
    code = FIRST.code.replace(URL, app.url)
    exec(compile(code, "the first", "exec"), {})

    assert capsys.readouterr().out == FIRST.output


@pytest.mark.parametrize("block", REST, ids=lambda block: f"line {block.line}")
def test_a_block_prints_what_it_shows(app, capsys, block):
    with Socket(app.url) as socket:
        room = socket.channel("room:lobby")
        room.join()
        run(block, socket=socket, room=room)

    assert capsys.readouterr().out == block.output
