"""A channel of which only what resume() needs is there."""

from reactivex.disposable import Disposable

from rx_phoenix._streams.hub import Hub

__all__ = ["Feed"]


class Feed:
    """A channel of which only what resume() needs is there."""

    def __init__(self):
        self.state = "closed"
        self.reported = []
        self.joins = Hub(self.reported.append)
        self.events = Hub(self.reported.append)
        self.extras = []

    def _report(self, error):
        self.reported.append(error)

    def stream(self, event):
        assert event == "news"
        return self.events.observable

    def _extend_params(self, extra):
        self.extras.append(extra)
        return Disposable(lambda: self.extras.remove(extra))

    def rejoin(self):
        """Join anew, and say with which params."""
        params = {}
        for extra in self.extras:
            params |= extra()
        self.joins.on_next({})
        return params

    def emit(self, *events):
        for event in events:
            self.events.on_next(event)
