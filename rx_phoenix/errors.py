"""The errors of rx_phoenix, by their cause.

::

    RxPhoenixError
    ├── UsageError           the caller's mistake: raised at the call
    │   ├── NotJoinedError
    │   ├── ChannelConflict
    │   └── EncodeError
    ├── ProtocolError        an invalid frame: a value, never raised at you
    ├── TransportError       a failure of the network
    │   ├── ConnectError
    │   └── ConnectionLost
    ├── PushError            the failure of a push, a join or a leave
    │   ├── PushRefused
    │   │   └── JoinRefused
    │   ├── PushTimeout      (a TimeoutError too)
    │   └── PushCancelled
    │       └── ChannelCrashed
    ├── PayloadError         a payload that does not fit ``as_type``: a value
    ├── CallbackOverrun      an ``async def`` callback that is too slow
    └── QueueOverflow        a consumer that is, where nothing may be dropped

    UsageWarning             a likely mistake: a warning, and the call goes on

Rule 1: the caller's mistakes are raised where they are made; the network's are
emitted.
Rule 2: each observer gets an instance of its own, because a replayed exception grows
its traceback.
Rule 3: no message and no ``repr`` holds a secret, even if a server repeats it; its
answer is kept as it came in ``response``, ``headers`` and ``body``, which are data.
"""

import copyreg
from collections.abc import Mapping
from typing import Any

from rx_phoenix._excerpt import excerpt

__all__ = [
    "CallbackOverrun",
    "ChannelConflict",
    "ChannelCrashed",
    "ConnectError",
    "ConnectionLost",
    "EncodeError",
    "JoinRefused",
    "NotJoinedError",
    "PayloadError",
    "ProtocolError",
    "PushCancelled",
    "PushError",
    "PushRefused",
    "PushTimeout",
    "QueueOverflow",
    "RxPhoenixError",
    "TransportError",
    "UsageError",
    "UsageWarning",
]

ABNORMAL = 1006
"""The close code of a connection that ended without a close frame."""


class RxPhoenixError(Exception):
    """Any error of this library."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own calls the class with the message, which few of ours take.
        return copyreg.__newobj__, (self.__class__, *self.args), vars(self)  # type: ignore[attr-defined]


class UsageError(RxPhoenixError):
    """A mistake of the caller; the message has the remedy."""


class UsageWarning(UserWarning):
    """An argument that is valid but likely a mistake, such as milliseconds."""


class NotJoinedError(UsageError):
    """A push to a channel that is not joined."""


class ChannelConflict(UsageError):
    """A topic that is in use: one topic has one channel, with one set of params."""


class EncodeError(UsageError):
    """A message that the serializer cannot put on the wire; nothing was sent."""


class ProtocolError(RxPhoenixError):
    """A frame that is not valid in Phoenix's protocol.

    It is dropped and counted, and the connection lives on.

    Attributes:
        frame: The first bytes of the frame, for the log.
    """

    def __init__(self, message: str, frame: bytes = b"") -> None:
        super().__init__(message)
        self.frame = frame


class TransportError(RxPhoenixError):
    """A connection could not be opened, or was lost."""


class ConnectError(TransportError):
    """An attempt to connect failed.

    Attributes:
        url: The URL without its query, which may hold secrets.
        status: The HTTP status of a refused handshake; None without an answer.
        headers: The headers of that answer.
        body: The body of that answer, as far as it was read.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str = "",
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.body = body


class ConnectionLost(TransportError):
    """An open connection ended unexpectedly.

    Attributes:
        code: The close code of the WebSocket; 1006 when there was no close frame.
        reason: The reason of the close frame, or the failure of the network.
        clean: True if the peer sent a close frame; by default, unless the code is 1006.
    """

    def __init__(
        self, code: int = ABNORMAL, reason: str = "", *, clean: bool | None = None
    ) -> None:
        detail = f": {reason}" if reason else ""
        super().__init__(f"the connection was lost (code {code}){detail}")
        self.code = code
        self.reason = reason
        self.clean: bool = code != ABNORMAL if clean is None else clean


class PushError(RxPhoenixError):
    """A push, a join or a leave that did not end with ``ok``."""


class PushRefused(PushError):
    """The server answered with another status than ``ok``.

    Args:
        status: The status of the reply.
        response: The body of the reply.
        what: The refused request, in words.
        quoted: The excerpt of status and response for the message, without the secrets
            that a server may repeat; None makes one of them as they are.

    Attributes:
        status: The status of the reply, most often ``error``.
        response: The body of the reply, as it came.
    """

    def __init__(
        self,
        status: str,
        response: object,
        what: str = "the push",
        quoted: str | None = None,
    ) -> None:
        if quoted is None:
            quoted = f"{excerpt(status)}: {excerpt(response)}"
        super().__init__(f"{what} was answered {quoted}")
        self.status = status
        self.response = response


class JoinRefused(PushRefused):
    """The server refused a join."""


class PushTimeout(PushError, TimeoutError):
    """The deadline passed without an answer."""


class PushCancelled(PushError):
    """The push was cancelled before it got a reply."""


class ChannelCrashed(PushCancelled):
    """The channel's process on the server crashed (``phx_error``).

    Attributes:
        reason: The payload of ``phx_error``.
    """

    def __init__(self, message: str, reason: object = None) -> None:
        super().__init__(message)
        self.reason = reason


class PayloadError(RxPhoenixError):
    """A payload that does not fit the requested type.

    Attributes:
        payload: The payload as it came.
    """

    def __init__(self, message: str, payload: object = None) -> None:
        super().__init__(message)
        self.payload = payload


class CallbackOverrun(RxPhoenixError):
    """An ``async def`` callback is slower than its events; old events were dropped.

    Attributes:
        dropped: The number of calls of this callback dropped so far.
    """

    def __init__(self, message: str, dropped: int) -> None:
        super().__init__(message)
        self.dropped = dropped


class QueueOverflow(RxPhoenixError):
    """The queue is full and its policy forbids dropping.

    Attributes:
        maxsize: The number of values in the queue.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__(
            f"the queue is full ({maxsize} of {maxsize}) and none may be dropped: take "
            "values faster, raise maxsize, or choose another overflow (drop_oldest, "
            "drop_newest, latest)"
        )
        self.maxsize = maxsize
