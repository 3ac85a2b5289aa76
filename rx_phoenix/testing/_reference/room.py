"""The channel of ``room:*`` and ``exact``: every behaviour of a channel."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from rx_phoenix.testing._server import JoinError, ServerChannel

__all__ = ["Room"]


class Room(ServerChannel):
    """A channel whose topic selects its join and whose events select its actions.

    An unknown event crashes the channel.

    Args:
        attempts: The number of attempts for each key of ``room:flaky*``.
    """

    def __init__(self, attempts: Counter[str]) -> None:
        self._attempts = attempts

    async def join(self, params: Any) -> object:
        """Accept a client, or do what the topic names."""
        match self.topic:
            case "room:forbidden":
                raise JoinError("unauthorized")
            case "room:crash_join":
                raise RuntimeError("the join was asked to raise")
            case "room:badreturn":
                return object()
            case "room:plain":
                return None
            case "room:after_join":
                self.later(0.0, self.push, "welcome", params)
                return {"topic": self.topic}
            case "room:slow":
                await asyncio.sleep(params.get("ms", 2000) / 1000)
            case topic if topic.startswith("room:flaky"):
                return self._join_flaky(params)
            case _:
                pass
        return {"topic": self.topic, "params": params}

    def handle_in(self, event: str, payload: Any, ref: Any) -> object:
        """Perform the action that the event names."""
        action = ACTIONS.get(event)
        if action is None:
            return super().handle_in(event, payload, ref)
        return action(self, payload, ref)

    def _join_flaky(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        key = options.get("key", self.topic)
        n = self._attempts[key]
        self._attempts[key] += 1
        if n < options.get("fail", 1):
            raise JoinError({"reason": "flaky", "n": n})
        return {"topic": self.topic, "n": n}


Action = Callable[[Room, Any, Any], object]
"""The action of an event, called with its payload and ref."""


def _big(room: Room, payload: Any, ref: Any) -> None:
    room.reply(ref, "ok", {"data": "x" * payload["n"]})


def _binary_size(room: Room, payload: Any, ref: Any) -> None:
    room.reply(ref, "ok", {"size": len(_bytes(payload))})


def _broadcast_binary(room: Room, payload: Any, _: Any) -> None:
    data = payload if isinstance(payload, bytes) else b"\x01\x02\x03"
    room.broadcast("bbin", data)


def _burst(room: Room, payload: Any, _: Any) -> None:
    for i in range(payload["n"]):
        room.push("tick", {"i": i})


def _burst_reply(room: Room, payload: Any, ref: Any) -> None:
    _burst(room, payload, ref)
    room.reply(ref, "ok", {"n": payload["n"]})


def _crash(*_: Any) -> None:
    raise RuntimeError("the channel was asked to crash")


def _custom_status(room: Room, payload: Any, ref: Any) -> None:
    room.reply(ref, payload["status"], {"s": payload["status"]})


def _delay(room: Room, payload: Any, ref: Any) -> None:
    room.later(payload["ms"] / 1000, room.reply, ref, "ok", payload)


async def _hang(room: Room, payload: Any, ref: Any) -> None:
    await asyncio.sleep(payload["ms"] / 1000)
    room.reply(ref)


def _kick_me(room: Room, *_: Any) -> None:
    if room.socket.id is None:
        raise LookupError("kick_me needs a socket with a user_id")
    room.endpoint.disconnect(room.socket.id)


def _push_me(room: Room, payload: Any, _: Any) -> None:
    room.push(payload["event"], payload["payload"])


def _reply_twice(room: Room, payload: Any, ref: Any) -> None:
    for n in 1, 2:
        room.reply(ref, "ok", {**payload, "n": n})


def _shout_others(room: Room, payload: Any, ref: Any) -> None:
    room.broadcast_from("shout", payload)
    room.reply(ref)


def _stop_reply(room: Room, _: Any, ref: Any) -> None:
    room.reply(ref)
    room.stop()


def _whoami(room: Room, _: Any, ref: Any) -> None:
    socket = room.socket
    headers = socket.headers
    room.reply(
        ref,
        "ok",
        {
            "auth_token": socket.auth_token,
            "id": socket.id,
            "join_ref": room.join_ref,
            "params": socket.params,
            "serializer": socket.serializer.name,
            "transport": socket.transport,
            "uri": socket.uri,
            "user_agent": headers.get("user-agent"),
            "user_id": socket.params.get("user_id"),
            "x_headers": {k: v for k, v in headers.items() if k.startswith("x-")},
        },
    )


def _bytes(payload: Any) -> bytes:
    """Require a binary payload."""
    if not isinstance(payload, bytes):
        raise TypeError(f"the payload must be binary, got {payload!r}")
    return payload


ACTIONS: Mapping[str, Action] = {
    "big": _big,
    "binary_size": _binary_size,
    "broadcast_binary": _broadcast_binary,
    "burst": _burst,
    "burst_reply": _burst_reply,
    "crash": _crash,
    "custom_status": _custom_status,
    "delay": _delay,
    "echo": lambda room, payload, ref: room.reply(ref, "ok", payload),
    "echo_binary": lambda room, payload, ref: room.reply(ref, "ok", _bytes(payload)),
    "exit": lambda room, _p, _r: room.stop("boom"),
    "fail": lambda room, _p, ref: room.reply(ref, "error", {"reason": "nope"}),
    "fail_binary": lambda room, data, ref: room.reply(ref, "error", _bytes(data)),
    "hang": _hang,
    "kick_me": _kick_me,
    "kill_transport": lambda room, _p, _r: room.kill_transport(),
    "noreply": lambda _room, _p, _r: None,
    "ok": lambda room, _p, ref: room.reply(ref),
    "push_binary": lambda room, _p, _r: room.push("bin", b"\x00\x01\x02\xfe\xff"),
    "push_me": _push_me,
    "reply_twice": _reply_twice,
    "shout": lambda room, payload, _r: room.broadcast("shout", payload),
    "shout_others": _shout_others,
    "shutdown": lambda room, _p, _r: room.stop("shutdown"),
    "shutdown_reason": lambda room, _p, _r: room.stop("shutdown: why"),
    "stop": lambda room, _p, _r: room.stop(),
    "stop_error": lambda room, _p, _r: room.stop("some_reason"),
    "stop_reply": _stop_reply,
    "whoami": _whoami,
}
"""The events of the contract, by name."""
