"""One browser's stay: what it subscribes to, and lets go of when it leaves."""

from bokeh.document import Document
from reactivex.disposable import CompositeDisposable

from rx_phoenix._cli.demo.scene import Scene
from rx_phoenix._cli.demo.web.board import Board
from rx_phoenix._cli.demo.web.page import Page
from rx_phoenix._protocol.message import Reply

__all__ = ["Visit"]


class Visit:
    """One browser's stay.

    A document may only change in a callback of its own, so that scenes wait for its
    next tick; of those that come meanwhile, the latest is shown.

    Args:
        document: Bokeh's document for this browser, empty as yet.
        board: What it shares with others.
    """

    def __init__(self, document: Document, board: Board) -> None:
        self._document = document
        self._board = board
        self._page = Page(document, board.stage, self._ask)
        self._scene: Scene | None = None
        self._is_due = False
        self._holdings = CompositeDisposable()
        board.enter()
        self._holdings.add(board.scenes.subscribe(self._changed, board.fail))
        document.on_session_destroyed(lambda _: self.end())

    def end(self) -> None:
        """Let go of everything; a second call does nothing."""
        if not self._holdings.is_disposed:
            self._holdings.dispose()
            self._board.leave()

    def _changed(self, scene: Scene) -> None:
        self._scene = scene
        if not self._is_due:
            self._is_due = True
            self._document.add_next_tick_callback(self._paint)

    def _paint(self) -> None:
        self._is_due = False
        if self._scene is not None:
            self._document.hold("combine")
            board = self._board
            self._page.show(self._scene, board.clock(), board.diagnosis())
            self._document.unhold()

    def _ask(self, every: float) -> None:
        began = self._board.clock()

        def answered(reply: Reply) -> None:
            elapsed = self._board.clock() - began
            self._document.add_next_tick_callback(
                lambda: self._page.show_answer(reply, elapsed)
            )

        self._page.show_answer(None, 0.0)
        push = self._board.ask(every)
        self._holdings.add(push.outcome.subscribe(answered))
