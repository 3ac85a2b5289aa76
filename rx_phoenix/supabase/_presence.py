"""Presence on a channel of Supabase."""

from collections.abc import Mapping
from typing import Any

from rx_phoenix import Channel, Presence, Push
from rx_phoenix.policy import Duration

__all__ = ["RealtimePresence"]


class RealtimePresence(Presence):
    """The presences of a channel, and one's own among them.

    Everything of `Presence`, and `track` and `untrack`. What is tracked is tracked
    again after each rejoin, because the server has forgotten it.

    Args:
        channel: The channel.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._following = channel
        # What is tracked, and the newest push of it.
        self._tracked: tuple[Mapping[str, Any], Push] | None = None
        channel.joins.subscribe(self._joined)

    def track(self, meta: Mapping[str, Any], timeout: Duration | None = None) -> Push:
        """Be present with a meta, from now or from the join on, until `untrack`.

        Called again it replaces the meta.

        Args:
            meta: Anything in JSON; others see it with a ``phx_ref``.
            timeout: As of `Channel.push`.

        Raises:
            NotJoinedError: The channel is not joined and not to be.
        """
        push = self._push(meta, timeout)
        self._tracked = meta, push
        return push

    def untrack(self, timeout: Duration | None = None) -> Push:
        """End one's own presence.

        Args:
            timeout: As of `Channel.push`.

        Raises:
            NotJoinedError: The channel is not joined and not to be.
        """
        self._tracked = None
        message = {"type": "presence", "event": "untrack"}
        return self._following.push("presence", message, timeout)

    def _push(self, meta: Mapping[str, Any], timeout: Duration | None = None) -> Push:
        message = {"type": "presence", "event": "track", "payload": meta}
        return self._following.push("presence", message, timeout)

    def _joined(self, _: object) -> None:
        """Track again after a rejoin; a push that waits is sent behind this."""
        if self._tracked is None:
            return
        meta, push = self._tracked
        if push.ref is not None or push.is_settled:
            self._tracked = meta, self._push(meta)
