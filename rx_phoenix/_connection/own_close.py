"""Closes of our own: each is reported once, and awaited together with earlier ones."""

from collections.abc import Callable
from dataclasses import replace

from rx_phoenix._protocol.lifecycle import Closed
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.single_result import SingleResult

__all__ = ["OwnClose"]


class OwnClose:
    """The last close of ours.

    Args:
        over: Called with its event once the peer has answered, or will not.
        report: Receives the exceptions of observers.

    Attributes:
        promise: Settles when it and all earlier ones are over.
    """

    def __init__(self, over: Callable[[Closed], None], report: Reporter) -> None:
        self._over = over
        self._report = report
        self._event: Closed | None = None
        self.promise: SingleResult[None] = SingleResult(report)
        self.promise.succeed(None)

    def begin(self, event: Closed | None) -> Callable[[bool], None]:
        """Begin another one.

        Args:
            event: Its event, unless there was no open connection.

        Returns:
            To be called at its end, with whether the peer answered.
        """
        before, promise = self.promise, SingleResult[None](self._report)
        self.promise = promise
        self._event = event

        def ended(is_clean: bool) -> None:  # noqa: FBT001 - an OnClosed
            if event is not None and self._event is event:
                self._event = replace(event, clean=is_clean)
                self.finish()
            # An older one may still be at it, if its peer is slow.
            before.subscribe(promise.succeed)

        return ended

    def finish(self) -> None:
        """Report the close in progress, which a new attempt does not wait for."""
        event, self._event = self._event, None
        if event is not None:
            self._over(event)
