"""A server of Supabase Realtime's dialect."""

from asyncio import get_running_loop
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from math import inf
from time import time
from typing import Any
from weakref import WeakSet

import msgspec

from rx_phoenix._protocol.checks import check_count, check_function, check_instance
from rx_phoenix.testing._server import (
    ConnectRefused,
    JoinError,
    PhoenixServer,
    ServerSocket,
    SocketOptions,
)
from rx_phoenix.testing._server.codec import V2Serializer
from rx_phoenix.testing.supabase._codec import RealtimeCodec, UserBroadcast
from rx_phoenix.testing.supabase._room import Room
from rx_phoenix.testing.supabase._tables import Table

__all__ = ["SupabaseServer"]

Claims = Mapping[str, Any]
"""What a token says about its user."""

ANON: Claims = {"role": "anon"}
"""Those of the API key."""


class Rate:
    """The number of things within the last second.

    Args:
        limit: The most; None for no limit.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._times = deque[float]()

    def take(self) -> bool:
        """Count one; return False if there are too many."""
        now, times = get_running_loop().time(), self._times
        while times and times[0] <= now - 1.0:
            times.popleft()
        if self._limit is not None and len(times) >= self._limit:
            return False
        times.append(now)
        return True


def is_signed_in(claims: Claims, name: str) -> bool:  # noqa: ARG001 - for others
    """Return True for a user's token, but not for the API key alone."""
    return claims.get("role") != "anon"


class SupabaseServer(PhoenixServer):
    """A server on loopback that behaves like Supabase Realtime.

    It knows topics, the config of joins, private channels, access tokens that expire,
    ``system`` messages, broadcasts of both versions, presence, tables whose changes the
    test makes, and limits. Signatures of tokens are not checked: it knows those that
    `token` made.

    Args:
        tables: The tables, by name or as `Table`.
        api_key: The API key.
        may: Decides by the token's claims and the channel's name who may join a private
            channel.
        joins_per_second: The most joins; None for no limit.
        events_per_second: The most broadcasts; None for no limit.
        channels_per_client: The most channels of a client.
        host: The address to listen on.
        port: The port; 0 for a free one.

    Attributes:
        api_key: The API key.
        joins: The params of all joins, refused ones included, each with its topic.

    Example:
        >>> import asyncio
        >>> from rx_phoenix.supabase import Realtime
        >>> async def main():
        ...     async with SupabaseServer(["messages"]) as server:
        ...         async with Realtime(server.url, server.api_key) as realtime:
        ...             changes = realtime.channel("room").changes(table="messages")
        ...             changes.subscribe(lambda it: print(it.type, it.record))
        ...             await realtime.channel("room").subscribed()
        ...             server.insert("messages", {"id": 1})
        ...             await realtime.socket.ping()
        >>> asyncio.run(main())
        INSERT {'id': 1}
    """

    def __init__(  # noqa: PLR0913 - all but the tables by name
        self,
        tables: Sequence[str | Table] = (),
        *,
        api_key: str = "the-api-key",
        may: Callable[[Claims, str], bool] = is_signed_in,
        joins_per_second: int | None = None,
        events_per_second: int | None = None,
        channels_per_client: int = 100,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        check_instance("tables", tables, list | tuple, "a list of names or of Table")
        check_instance("api_key", api_key, str, "text")
        check_function("may", may, "a function of claims and a name")
        for name, limit in {
            "joins_per_second": joins_per_second,
            "events_per_second": events_per_second,
            "channels_per_client": channels_per_client,
        }.items():
            if limit is not None:
                check_count(name, limit)
        super().__init__(
            {"realtime:*": partial(Room, self)},
            sockets={"/realtime/v1": SocketOptions(connect=self._connect)},
            host=host,
            port=port,
        )
        made = [Table(it) if isinstance(it, str) else it for it in tables]
        for table in made:
            check_instance("each of tables", table, Table, "a name or a Table")
        self.api_key = api_key
        self.joins: list[tuple[str, Mapping[str, Any]]] = []
        self._tables = {(table.schema, table.name): table for table in made}
        self._may = may
        self._joins = Rate(joins_per_second)
        self._events = Rate(events_per_second)
        self._channels_per_client = channels_per_client
        self._tokens: dict[str, tuple[float, Claims]] = {api_key: (inf, ANON)}
        self._numbers = count(1)
        self._rooms: WeakSet[Room] = WeakSet()

    @property
    def url(self) -> str:
        """The URL of the project."""
        return f"http://{self.host}:{self.port}"

    def reset(self) -> None:
        """End all connections at once, without a close frame."""
        for session in tuple(self._endpoint.sessions):
            session.kill()

    # Tokens.

    def token(self, lifetime: float = 3600.0, **claims: Any) -> str:
        """Make an access token.

        Args:
            lifetime: Seconds until it expires.
            claims: What it says about its user; the role is ``authenticated``.

        Returns:
            Text in the form of a JWT.
        """
        said: Claims = {
            "role": "authenticated",
            "exp": int(time() + lifetime),
            "jti": next(self._numbers),
            **claims,
        }
        parts = {"alg": "none", "typ": "JWT"}, said
        token = ".".join([*map(_encode, parts), "unsigned"])
        self._tokens[token] = get_running_loop().time() + lifetime, said
        return token

    def expire(self, token: str) -> None:
        """Let a token expire now: its channels are closed."""
        self._tokens[token] = get_running_loop().time(), self._tokens[token][1]
        for room in self._joined_rooms():
            room.expire(token)

    def seconds_left(self, token: str) -> float:
        """Return the seconds that a token has left.

        Raises:
            JoinError: It is invalid or expired.
        """
        if token not in self._tokens:
            raise JoinError("JwtSignatureError: Failed to validate JWT signature")
        left = self._tokens[token][0] - get_running_loop().time()
        if left <= 0:
            raise JoinError(
                f"InvalidJWTExpiration: Token has expired {-left:.0f} seconds ago"
            )
        return left

    # Broadcasts and changes.

    def send(self, name: str, event: str, payload: Any) -> None:
        """Broadcast to all clients of a channel, as over Supabase's REST API.

        Args:
            name: The name of the channel.
            event: The name of the event.
            payload: JSON, or bytes.
        """
        content = UserBroadcast(type="broadcast", event=event, payload=payload)
        self.broadcast(f"realtime:{name}", "broadcast", content)

    def insert(self, table: str, record: Mapping[str, Any]) -> None:
        """Insert a row: those who asked for it get an ``INSERT``.

        Args:
            table: The name of the table, after its schema and a dot if that is not
                ``public``.
            record: The row.
        """
        self._change("INSERT", table, record, record=record)

    def update(
        self, table: str, record: Mapping[str, Any], old_record: Mapping[str, Any]
    ) -> None:
        """Update a row: those who asked for it get an ``UPDATE``.

        Args:
            table: As of `insert`.
            record: The new row.
            old_record: The old row, as far as the replica identity has it.
        """
        self._change("UPDATE", table, record, record=record, old_record=old_record)

    def delete(self, table: str, old_record: Mapping[str, Any]) -> None:
        """Delete a row: those who asked for it get a ``DELETE``.

        Args:
            table: As of `insert`.
            old_record: The old row, as far as the replica identity has it.
        """
        self._change("DELETE", table, old_record, old_record=old_record)

    def _change(
        self, operation: str, name: str, row: Mapping[str, Any], **records: Any
    ) -> None:
        schema, _, bare = name.rpartition(".")
        table = self._tables[schema or "public", bare]
        data = {
            "columns": [{"name": n, "type": t} for n, t in table.columns.items()],
            "commit_timestamp": datetime.now(UTC).isoformat(),
            "errors": None,
            "schema": table.schema,
            "table": table.name,
            "type": operation,
            **records,
        }
        for room in self._joined_rooms():
            room.changed(operation, table, row, data)

    # For the rooms.

    def find(self, schema: str, table: str | None) -> Table | None:
        """Return a table; None if there is none. ``*`` or no name stand for all."""
        schemas = {"*", "public", *(known for known, _ in self._tables)}
        if schema in schemas and (schema == "*" or table in {None, "*"}):
            return Table("*", schema=schema)
        return self._tables.get((schema, str(table)))

    def admit(self, room: Room, params: Mapping[str, Any]) -> None:
        """Record a join.

        Raises:
            JoinError: A limit is reached, or the token does not admit the client.
        """
        self.joins.append((room.topic, params))
        if not self._joins.take():
            raise JoinError("ClientJoinRateLimitReached: Too many joins per second")
        beside = [it for it in self._joined_rooms() if it.socket is room.socket]
        if len(beside) >= self._channels_per_client:
            raise JoinError("ChannelRateLimitReached: Too many channels")
        self.seconds_left(room.token)
        _, claims = self._tokens[room.token]
        if room.is_private and not self._may(claims, room.name):
            raise JoinError(
                "Unauthorized: You do not have permissions to read from this Channel "
                f"topic: {room.name}"
            )
        self._rooms.add(room)

    def count_event(self) -> bool:
        """Count an event; return False if there are too many."""
        return self._events.take()

    def _joined_rooms(self) -> list[Room]:
        return [room for room in self._rooms if room.process.is_joined]

    def _connect(self, socket: ServerSocket) -> None:
        if socket.params.get("apikey") != self.api_key:
            raise ConnectRefused(401, "Invalid API key")
        if isinstance(socket.serializer, V2Serializer):
            socket.serializer = RealtimeCodec()


def _encode(part: Claims) -> str:
    return urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=")
