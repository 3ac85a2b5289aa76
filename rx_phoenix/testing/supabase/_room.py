"""The channel of ``realtime:*``."""

from collections.abc import Mapping
from typing import Any, Protocol, cast
from uuid import uuid4

from rx_phoenix.testing._server import JoinError, ServerChannel
from rx_phoenix.testing.supabase._tables import (
    Condition,
    FilterError,
    Table,
    condition_of,
)

__all__ = ["Home", "Room"]

PREFIX = "realtime:"


class Home(Protocol):
    """The server, as seen by a room."""

    def admit(self, room: "Room", params: Mapping[str, Any]) -> None:
        """Record a join.

        Raises:
            JoinError: A limit is reached, or the token does not admit the client.
        """
        ...

    def seconds_left(self, token: str) -> float:
        """Return the seconds that a token has left.

        Raises:
            JoinError: It is invalid or expired.
        """
        ...

    def find(self, schema: str, table: str | None) -> Table | None:
        """Return a table; None if there is none. ``*`` or no name stand for all."""
        ...

    def count_event(self) -> bool:
        """Count an event; return False if there are too many."""
        ...


class Binding:
    """The changes that a client asked for.

    Args:
        number: The id that the client gets.
        asked: The part of the join's config.

    Attributes:
        id: The id.
        asked: The part of the join's config.
    """

    def __init__(self, number: int, asked: Mapping[str, Any]) -> None:
        self.id = number
        self.asked = asked
        self._condition: Condition | None = None

    def prepare(self, home: Home) -> None:
        """Look for the table and read the filter.

        Raises:
            FilterError: One of them cannot be, with the server's words.
        """
        asked = self.asked
        schema, name = asked.get("schema", "public"), asked.get("table")
        table = home.find(schema, name)
        if table is None:
            raise FilterError(
                "Unable to subscribe to changes with given parameters. Please check "
                "Realtime is enabled for the given connect parameters: "
                f"[event: {asked.get('event')}, schema: {schema}, table: {name}, "
                f"filters: {asked.get('filter') or []}]"
            )
        self._condition = condition_of(asked.get("filter"), table)

    def fits(self, operation: str, table: Table, row: Mapping[str, Any]) -> bool:
        """Return True if a change is to be sent."""
        asked = self.asked
        return (
            self._condition is not None
            and asked.get("event") in {"*", operation}
            and asked.get("schema", "public") in {"*", table.schema}
            and asked.get("table") in {None, "*", table.name}
            and self._condition(row)
        )


class Room(ServerChannel):
    """A joined topic of one client.

    Args:
        home: The server.

    Attributes:
        token: The client's access token, or the API key.
        is_private: True if the client asked for a private channel.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self.token: str = ""
        self.is_private: bool = False
        self._config: Mapping[str, Any] = {}
        self._bindings: list[Binding] = []
        self._key = ""
        self._is_tracked = False

    @property
    def name(self) -> str:
        """The topic without ``realtime:``."""
        return self.topic.removeprefix(PREFIX)

    def join(self, params: Any) -> object:
        """Admit a client or refuse it."""
        params = cast("Mapping[str, Any]", params or {})
        self._config = params.get("config") or {}
        self.is_private = bool(self._config.get("private"))
        if self.name == "":
            raise JoinError("TopicNameRequired: You must provide a topic name")
        self.token = params.get("access_token") or self.socket.params["apikey"]
        self._home.admit(self, params)
        asked: list[Mapping[str, Any]] = self._config.get("postgres_changes") or []
        self._bindings = [Binding(uuid4().int >> 80, binding) for binding in asked]
        self.later(0.0, self._begin)
        self._expire_later()
        return {
            "postgres_changes": [{"id": it.id, **it.asked} for it in self._bindings]
        }

    def handle_in(self, event: str, payload: Any, ref: Any) -> object:
        """Perform what the client sends."""
        match event:
            case "broadcast":
                return self._broadcast(payload, ref)
            case "presence":
                return self._follow(payload, ref)
            case "access_token":
                return self._renew(payload["access_token"])
            case _:
                return self.reply(ref, "error", {"reason": f"unknown event {event}"})

    def say(self, status: str, message: str, extension: str = "system") -> None:
        """Send a ``system`` message."""
        self.push(
            "system",
            {
                "channel": self.name,
                "extension": extension,
                "message": message,
                "status": status,
            },
        )

    def end(self, words: str) -> None:
        """Send the reason, and close the channel."""
        self.say("error", words)
        self.stop("shutdown")

    def changed(
        self, operation: str, table: Table, row: Mapping[str, Any], data: object
    ) -> None:
        """Send a change to the client, if it asked for it."""
        fitting = [it.id for it in self._bindings if it.fits(operation, table, row)]
        if fitting and self.process.is_joined:
            self.push("postgres_changes", {"ids": fitting, "data": data})

    def _option(self, name: str) -> Mapping[str, Any]:
        return self._config.get(name) or {}

    def _begin(self) -> None:
        if self._option("presence").get("enabled"):
            self.push("presence_state", self.presence.list(self.topic))
        if not self._bindings:
            return
        try:
            for binding in self._bindings:
                binding.prepare(self._home)
        except FilterError as error:
            self.say("error", str(error), "postgres_changes")
        else:
            self.say("ok", "Subscribed to PostgreSQL", "postgres_changes")

    def _broadcast(self, payload: Any, ref: Any) -> None:
        if not self._home.count_event():
            self.end("Too many messages per second")
            return
        options = self._option("broadcast")
        send = self.broadcast if options.get("self") else self.broadcast_from
        send("broadcast", payload)
        if options.get("ack"):
            self.reply(ref)

    def _follow(self, payload: Mapping[str, Any], ref: Any) -> None:
        if payload.get("event") == "untrack":
            self.presence.untrack(self)
            self._is_tracked = False
        else:
            key = self._option("presence").get("key") or self._key or str(uuid4())
            self._key = key
            follow = self.presence.update if self._is_tracked else self.presence.track
            follow(self, key, payload.get("payload") or {})
            self._is_tracked = True
        self.reply(ref)

    def _renew(self, token: str | None) -> None:
        if token is None or token == self.token:
            return
        try:
            self._home.seconds_left(token)
        except JoinError as error:
            self.end(str(error.response["reason"]))
            return
        self.token = token
        self._expire_later()

    def _expire_later(self) -> None:
        left = self._home.seconds_left(self.token)
        if left < float("inf"):
            self.later(max(left, 0.001), self.expire, self.token)

    def expire(self, token: str) -> None:
        """Close the channel if the client has not sent another token."""
        if self.token == token and self.process.is_joined:
            self.end("Token has expired 0 seconds ago")
