"""Messages of the protocol, and the replies that some of them carry."""

from typing import Any

from rx_phoenix._protocol.names import REPLY
from rx_phoenix._protocol.sent_secrets import Redacted

__all__ = ["Message", "Reply", "sendable"]

PRIMITIVE = str, int, float
"""The types whose JavaScript counterparts have falsy values."""


class Message(Redacted, frozen=True, array_like=True, gc=False):
    """One frame of Phoenix's protocol, version 2.

    The fields are in wire order, so that a frame decodes directly into a message.
    Its repr hides secrets, and what is deeply nested; its fields do not.

    Attributes:
        join_ref: The ref of its join; None for a broadcast or a heartbeat.
        ref: The ref that links a reply to its request; None if the server pushes.
        topic: The channel's topic.
        event: The event's name.
        payload: JSON, or bytes.

    >>> Message(None, "1", "phoenix", "heartbeat", {})
    Message(join_ref=None, ref='1', topic='phoenix', event='heartbeat', payload={})
    """

    join_ref: str | None
    ref: str | None
    topic: str
    event: str
    payload: Any

    @property
    def reply(self) -> "Reply | None":
        """The reply that this message carries, or None.

        >>> answer = {"status": "ok", "response": {"n": 1}}
        >>> Message("1", "2", "room:1", "phx_reply", answer).reply
        Reply(status='ok', response={'n': 1})
        """
        payload = self.payload
        if self.event != REPLY or not isinstance(payload, dict):
            return None
        status: object = payload.get("status")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if not isinstance(status, str):
            return None
        return Reply(status, payload.get("response"))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]


class Reply(Redacted, frozen=True):
    """The answer to a push, a join or a leave.

    Attributes:
        status: ``ok``, ``error``, or any other status of the server's.
        response: The body of the reply: JSON, or bytes.
    """

    status: str
    response: Any


def sendable(payload: Any) -> Any:
    """Return a payload as phoenix.js sends it: ``{}`` for a falsy one (``push.js``)."""
    is_falsy = payload is None or (isinstance(payload, PRIMITIVE) and not payload)
    return {} if is_falsy else payload
