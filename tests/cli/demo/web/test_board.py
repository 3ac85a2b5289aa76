"""What all browsers share."""

import reactivex

from rx_phoenix._cli.demo.web.board import Board
from rx_phoenix._streams.state import State
from tests.cli.demo.scenery import STAGE


def test_a_wish_goes_to_the_publisher(phx):
    channel = phx.socket.channel("room:machine")
    channel.join()
    nothing = reactivex.never()
    board = Board(STAGE, nothing, channel, State(0, print), lambda: 0.0, str, print)
    phx.run(server="oj")
    board.ask(2.0)
    phx.run(server="p")

    (wish,) = phx.sent()
    assert (wish.event, wish.payload) == ("shout_others", {"every": 2.0})


def test_browsers_are_counted(phx):
    channel = phx.socket.channel("room:machine")
    nothing = reactivex.never()
    board = Board(STAGE, nothing, channel, State(0, print), lambda: 0.0, str, print)

    board.enter()
    board.enter()
    board.leave()

    assert board.browsers.value == 1
