"""The present outage: since when, and for which cause."""

from enum import Enum, auto

from rx_phoenix._protocol.lifecycle import AttemptFailed, Closed, Lifecycle, Opened
from rx_phoenix.errors import ConnectError, ProtocolError

__all__ = ["Outage"]

Cause = tuple[type[BaseException] | int | None, ...]
"""The kind of a failure: its type, status and number, and not its words."""


class Phase(Enum):
    """The phases of an outage, in their order."""

    NONE = auto()
    # An attempt began, and nothing has failed yet.
    ATTEMPT = auto()
    FAILURE = auto()


class Outage:
    """Follows the events of a connection, and knows what is new.

    Attributes:
        took: Seconds until the latest opening; None if nothing had failed before it.
    """

    def __init__(self) -> None:
        self.took: float | None = None
        self._phase = Phase.NONE
        self._began = 0.0
        self._cause: Cause | None = None

    def attempt_begun(self, now: float) -> None:
        """Note that an attempt begins, with which an outage may begin, too."""
        if self._phase is Phase.NONE:
            self._began, self._phase = now, Phase.ATTEMPT

    def take(self, event: Lifecycle | ProtocolError, now: float) -> bool:
        """Take an event; returns True if it is news.

        A failed attempt is not if the one before it had the same cause.
        """
        match event:
            case Opened():
                has_failed = self._phase is Phase.FAILURE
                self.took = now - self._began if has_failed else None
                self._reset()
            case Closed(ours=True):
                self._reset()
            case Closed():
                self._began, self._phase = now, Phase.FAILURE
            case AttemptFailed(error):
                cause, before = cause_of(error), self._cause
                self._cause, self._phase = cause, Phase.FAILURE
                return cause != before
            case _:
                pass
        return True

    def _reset(self) -> None:
        self._phase = Phase.NONE
        self._cause = None


def cause_of(error: Exception) -> Cause:
    """Return the kind of a failure, by the first error of its causes.

    >>> refused = ConnectError("no connection", status=503)
    >>> cause_of(refused) == cause_of(ConnectError("still none", status=503))
    True
    """
    status = error.status if isinstance(error, ConnectError) else None
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    number = root.errno if isinstance(root, OSError) else None
    return type(error), type(root), status, number
