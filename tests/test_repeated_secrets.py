"""What is sent in every place, and repeated in every place, is shown in none."""

import asyncio
import json
import logging
from base64 import b64encode
from contextlib import asynccontextmanager
from traceback import format_exception

import pytest
from aiohttp import web

from rx_phoenix import (
    Backoff,
    ChannelCrashed,
    Closed,
    GaveUp,
    LongPollTransport,
    Presence,
    Reconnect,
    Rejoin,
    Socket,
    WebSocketTransport,
)
from rx_phoenix.testing import JoinError, PhoenixServer, ServerChannel
from tests.cli.terminal import run
from tests.integration.waiting import PATIENCE
from tests.transport.gate import running_proxy

SENT = {
    "user of the URL": "Us3r-0001",
    "password of the URL": "Passw-0002",
    "query of the URL": "Query-0003",
    "param": "Param-0004",
    "nested param": "N3sted-0005",
    "number as a param": 9021034567,
    "auth token": "Auth-0006",
    "header": "Head3r-0007",
    "part of a header": "Cook1e-0008",
    "param of a join": "J0in-0009",
    "nested param of a join": "J0in-0010",
}
"""Each value by the place in which it is sent; most have a harmless name."""

EVERYTHING = " ".join(map(str, SENT.values()))
IN_A_JOIN = [SENT["param of a join"], SENT["nested param of a join"]]
OF_THE_SOCKET = " ".join(str(v) for v in SENT.values() if v not in IN_A_JOIN)
PROXY = "Proxy-0011", "Proxy-0012"
"""The user and the password for a proxy."""

OPTIONS = {
    "params": {
        "v": SENT["param"],
        "n": [SENT["number as a param"]],
        "w": {"x": [SENT["nested param"]]},
    },
    "auth_token": SENT["auth token"],
    "headers": {
        "X-V": SENT["header"],
        "Cookie": f"sid={SENT['part of a header']}; a=b",
    },
}
JOIN = {"v": SENT["param of a join"], "w": [{"x": SENT["nested param of a join"]}]}
PUSH = {"n": 1}

VALUES = {**SENT, "user of the proxy": PROXY[0], "password of the proxy": PROXY[1]}

FORMS = {
    name: (str(value), b64encode(str(value).encode()).decode().rstrip("="))
    for name, value in VALUES.items()
}
"""As they are, and as a token travels."""

LOOKED_IN = {
    "str of an error",
    "repr of an error",
    "args of an error",
    "attributes of an error",
    "notes of an error",
    "traceback of an error",
    "__cause__ of an error",
    "__context__ of an error",
    "log",
    "diagnosis",
    "repr of an event",
    "reason of a close",
    "repr of a message",
    "repr of a change of a presence",
    "repr of an outcome",
    "repr of a channel",
    "repr of a push",
    "repr of the socket",
    "url of the socket",
}
"""Where the values are looked for."""

DATA = {"body", "headers", "payload", "response"}
"""The attributes that hold what a server sent, as it came."""


class Parrot(ServerChannel):
    """Repeats everything that was sent."""

    joins = 0

    def join(self, params):
        Parrot.joins += 1
        if Parrot.joins == 1:
            raise JoinError({"reason": EVERYTHING, EVERYTHING: [params]})
        return {"welcome": EVERYTHING}

    def handle_in(self, event, payload, ref):
        match event:
            case "refuse":
                self.reply(ref, "error", {"reason": EVERYTHING, EVERYTHING: payload})
            case "crash":
                self.push("phx_error", {"reason": EVERYTHING})
            case _:
                self.push(EVERYTHING, {EVERYTHING: EVERYTHING})
                self.push("number", {"number": EVERYTHING})
                metas = {"metas": [{"phx_ref": "1", "of": EVERYTHING}]}
                self.push("presence_state", {EVERYTHING: metas})
                self.push("presence_state", {EVERYTHING: EVERYTHING})
                self.process.deliver(f"not a message: {EVERYTHING}")
                self.reply(ref, "ok", {"said": EVERYTHING})


@asynccontextmanager
async def repeating():
    """A server that refuses the first request, and lets in whoever comes later."""
    Parrot.joins, requests = 0, []

    @web.middleware
    async def refuse(request, handler):
        requests.append(request)
        if len(requests) > 1:
            return await handler(request)
        return web.Response(
            status=503, reason=EVERYTHING, text=EVERYTHING, headers={"X-V": EVERYTHING}
        )

    async def close(request):
        websocket = web.WebSocketResponse(protocols=["phoenix"])
        await websocket.prepare(request)
        await websocket.close(code=1008, message=OF_THE_SOCKET.encode())
        return websocket

    server = PhoenixServer({"room:*": Parrot})
    server.middlewares.append(refuse)
    server.routes.append(web.get("/closing/websocket", close))
    async with server:
        yield server


class Search:
    """Looks for what was sent, and knows where it has looked."""

    def __init__(self):
        self.places = set()
        self.found = []

    def text(self, place, text):
        self.places.add(place)
        told = [name for name, forms in FORMS.items() if any(f in text for f in forms)]
        self.found += [f"the {name} in the {place}: {text}" for name in told]

    def error(self, error):
        """Look in an error, and in all that hangs at it."""
        data = DATA | {"reason"} if isinstance(error, ChannelCrashed) else DATA
        known = {k: v for k, v in vars(error).items() if k not in data}
        self.text("str of an error", str(error))
        self.text("repr of an error", repr(error))
        self.text("args of an error", repr(error.args))
        self.text("attributes of an error", repr(known))
        self.text("notes of an error", repr(getattr(error, "__notes__", None)))
        self.text("traceback of an error", "".join(format_exception(error)))
        for name in "__cause__", "__context__":
            behind = getattr(error, name)
            self.text(f"{name} of an error", f"{behind} {behind!r}")
            if behind is not None:
                self.error(behind)

    def event(self, event):
        """Look in an event of a connection."""
        self.text("repr of an event", f"{event} {event!r}")
        if isinstance(event, Closed):
            self.text("reason of a close", event.reason)
        for error in (event, getattr(event, "error", None)):
            if isinstance(error, Exception):
                self.error(error)


@pytest.fixture
def search(caplog):
    caplog.set_level(logging.DEBUG)
    search = Search()
    yield search
    for record in caplog.records:
        search.text("log", f"{record.getMessage()} {vars(record)} {record.exc_text}")
    assert search.found == []


def with_login(url):
    """The URL of a proxy, with a user and a password."""
    return url.replace("//", f"//{PROXY[0]}:{PROXY[1]}@")


def url_with_secrets(url):
    user, password, query = (
        SENT[f"{part} of the URL"] for part in ("user", "password", "query")
    )
    return f"{url.replace('//', f'//{user}:{password}@')}?key={query}"


@asynccontextmanager
async def watched(search, url, transport):
    """A socket that sends everything, and in which everything is looked at."""
    socket = Socket(
        url_with_secrets(url),
        transport=transport,
        reconnect=Reconnect(Backoff.steps(0.01, jitter=0)),
        rejoin=Rejoin(Backoff.steps(0.01, jitter=0)),
        **OPTIONS,
    )
    socket.lifecycle.subscribe(search.event)
    socket.unhandled.subscribe(search.error)
    for messages in socket.frames, socket.sent:
        messages.subscribe(
            lambda message: search.text("repr of a message", f"{message!r} {message}")
        )
    try:
        yield socket
    finally:
        search.text("diagnosis", socket.diagnosis())
        search.text("repr of the socket", f"{socket!r} {socket}")
        search.text("url of the socket", socket.url)
        await socket.aclose()


@pytest.mark.parametrize("is_proxied", [False, True], ids=["direct", "proxy"])
@pytest.mark.parametrize("transport", [WebSocketTransport, LongPollTransport])
async def test_what_is_repeated_in_every_place_is_shown_in_none(
    search, transport, is_proxied
):
    async with repeating() as server, running_proxy(server.port) as proxy:
        by = {"proxy": with_login(proxy.url)} if is_proxied else {}
        async with asyncio.timeout(PATIENCE):
            async with watched(search, server.url, transport(**by)) as socket:
                await talk(socket, search)
            url = f"ws://127.0.0.1:{server.port}/closing"
            async with watched(search, url, WebSocketTransport(**by)) as socket:
                ended = asyncio.get_running_loop().create_future()
                socket.lifecycle.subscribe(
                    lambda event: (
                        isinstance(event, GaveUp) and ended.set_result(event.error)
                    )
                )
                socket.connect()
                search.error(await ended)
        if is_proxied:
            assert proxy.heads

    assert search.places | {"log"} == LOOKED_IN


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("transport", [WebSocketTransport, LongPollTransport])
async def test_what_a_proxy_repeats_of_its_password_is_shown_nowhere(
    search, transport, scheme, unused_tcp_port
):
    login = ":".join(PROXY)
    said = " ".join([*PROXY, login, b64encode(login.encode()).decode()])
    async with running_proxy(unused_tcp_port, f"407 {said}", said) as proxy:
        by = transport(proxy=with_login(proxy.url))
        async with watched(search, f"{scheme}://elsewhere.test/socket", by) as socket:
            failed = asyncio.get_running_loop().create_future()
            socket.on_error(lambda error: failed.done() or failed.set_result(error))
            socket.connect()
            async with asyncio.timeout(PATIENCE):
                error = await failed

    assert error.status == 407


async def talk(socket, search):
    """Have the server repeat everything in all that it can say."""
    channel = socket.channel("room:1", JOIN)
    presence = Presence(channel)
    presence.changes.subscribe(
        lambda change: search.text("repr of a change of a presence", repr(change))
    )
    for errors in channel.refusals, channel.errors:
        errors.subscribe(
            lambda error: isinstance(error, Exception) and search.error(error)
        )
    channel.events("number", as_type=int).subscribe()
    joined = asyncio.get_running_loop().create_future()
    channel.joins.subscribe(lambda reply: joined.done() or joined.set_result(reply))
    join = channel.join()
    search.text("repr of an outcome", repr(await join.outcome))
    search.text("diagnosis", socket.diagnosis())
    await joined
    for event in "say", "refuse", "crash":
        push = channel.push(event, PUSH)
        search.text("repr of an outcome", repr(await push.outcome))
        search.text("repr of a push", f"{push!r} {push} {join!r}")
        search.text("repr of a channel", f"{channel!r} {channel}")
        push.subscribe(on_error=search.error)
        search.text("diagnosis", socket.diagnosis())


@pytest.mark.slow
async def test_neither_a_tape_nor_stderr_of_the_command_line_shows_them(
    search, tmp_path
):
    tape = tmp_path / "tape.jsonl"
    params = SENT["param"], SENT["nested param"], SENT["number as a param"]
    given = ["--token", SENT["auth token"]]
    given += ["--header", f"X-V:{SENT['header']}"]
    given += ["--header", f"Cookie:sid={SENT['part of a header']}"]
    for number, value in enumerate(params):
        given += ["--param", f"p{number}={value}"]
    joining = ["--join", json.dumps(JOIN), "-v"]
    async with repeating() as server:
        url = url_with_secrets(server.url)
        # The first request is refused: it must not be that of the tape.
        joined = ["--topic", "room:1", "--join", json.dumps(JOIN)]
        refused = await run("doctor", url, *given, *joined)
        ends = await asyncio.gather(
            run(
                "record",
                url,
                "room:1",
                *given,
                *joining,
                "--seconds",
                "1",
                "--to",
                str(tape),
            ),
            run("push", url, "room:1", "refuse", json.dumps(PUSH), *given, *joining),
        )
    search.text("stdout", refused.out)
    for ended in (refused, *ends):
        search.text("stderr", ended.err)
    search.text("tape", tape.read_text())
