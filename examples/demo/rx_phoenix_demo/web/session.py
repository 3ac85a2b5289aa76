"""The session of one browser, with its subscriptions."""

from bokeh.document import Document
from reactivex.disposable import CompositeDisposable

from rx_phoenix import Reply
from rx_phoenix_demo.snapshot import Snapshot
from rx_phoenix_demo.web.dashboard import Dashboard
from rx_phoenix_demo.web.page import Page

__all__ = ["PageSession"]


class PageSession:
    """The session of one browser.

    A document may only change in a callback of its own, so that snapshots wait for its
    next tick; the latest of them is shown.

    Args:
        document: Bokeh's document for this browser, still empty.
        dashboard: The state shared with other browsers.
    """

    def __init__(self, document: Document, dashboard: Dashboard) -> None:
        self._document = document
        self._dashboard = dashboard
        self._page = Page(document, dashboard.backend, self._request_rate)
        self._snapshot: Snapshot | None = None
        self._is_due = False
        self._subscriptions = CompositeDisposable()
        dashboard.enter()
        self._subscriptions.add(
            dashboard.snapshots.subscribe(self._changed, dashboard.fail)
        )
        document.on_session_destroyed(lambda _: self.end())

    def end(self) -> None:
        """Dispose all subscriptions; a second call does nothing."""
        if not self._subscriptions.is_disposed:
            self._subscriptions.dispose()
            self._dashboard.leave()

    def _changed(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        if not self._is_due:
            self._is_due = True
            self._document.add_next_tick_callback(self._paint)

    def _paint(self) -> None:
        self._is_due = False
        if self._snapshot is not None:
            self._document.hold("combine")
            dashboard = self._dashboard
            self._page.show(self._snapshot, dashboard.clock(), dashboard.diagnosis())
            self._document.unhold()

    def _request_rate(self, every: float) -> None:
        began = self._dashboard.clock()

        def show(reply: Reply) -> None:
            elapsed = self._dashboard.clock() - began
            self._document.add_next_tick_callback(
                lambda: self._page.show_reply(reply, elapsed)
            )

        self._page.show_reply(None, 0.0)
        push = self._dashboard.request_rate(every)
        self._subscriptions.add(push.outcome.subscribe(show))
