"""The channel of ``presence:*``."""

import time
from typing import Any

from rx_phoenix.testing._server import ServerChannel

__all__ = ["PresenceRoom"]


class PresenceRoom(ServerChannel):
    """A channel that tracks its user.

    It tracks, then pushes the state; ``presence:statefirst*`` pushes first. Events:
    ``update_meta`` merges its payload into the meta, ``untrack`` untracks, ``list``
    replies with all presences.
    """

    def join(self, params: Any) -> object:
        """Accept every client and track the name in its params."""
        name = params.get("name") if params else None
        self.later(0.0, self._arrive, {"name": name, "online_at": int(time.time())})
        return {"topic": self.topic}

    def handle_in(self, event: str, payload: Any, ref: Any) -> None:
        """Perform the event; the reply precedes the diff."""
        match event:
            case "update_meta":
                self.reply(ref)
                self.presence.update(self, self._key, lambda meta: {**meta, **payload})
            case "untrack":
                self.reply(ref)
                self.presence.untrack(self, self._key)
            case "list":
                self.reply(ref, "ok", self.presence.list(self.topic))
            case _:
                super().handle_in(event, payload, ref)

    @property
    def _key(self) -> str:
        return self.socket.params.get("user_id", "anon")

    def _arrive(self, meta: dict[str, Any]) -> None:
        if self.topic.startswith("presence:statefirst"):
            self.push("presence_state", self.presence.list(self.topic))
            self.presence.track(self, self._key, meta)
        else:
            self.presence.track(self, self._key, meta)
            self.push("presence_state", self.presence.list(self.topic))
