"""Replays a section of the transcript against a server of the reference app."""

import asyncio
import json
import re

import pytest

from rx_phoenix.testing._reference import reference_app
from tests.integration.golden.client import RawClient
from tests.integration.golden.deviations import OTHERWISE
from tests.integration.golden.transcript import stretched

__all__ = ["play"]

QUIET = 0.05
"""Seconds without a frame that stand for "nothing"."""

PATIENCE = 20.0
"""Seconds that an answer may be late."""

UNASKED = {"sec-websocket-protocol", "sec-websocket-extensions"}
"""Headers whose absence from the transcript says something."""

CONTROL = "sesame"
"""The token for the routes below ``/ctl``; the server of the transcript needed none."""

TOKEN = re.compile(r"<token-\d+>")
TOKEN_IN_BODY = re.compile(r'"token":"([^"]+)"')
PHX_REF = re.compile(r'(phx_ref(?:_prev)?\\?":\\?")([^"\\]+)')
ONLINE_AT = re.compile(r'(online_at\\?":)\d+')


async def play(section, *, as_values=False, in_time=True):
    """Do what the clients did, and compare what they see.

    Args:
        section: The section.
        as_values: Compare JSON by value rather than by letter.
        in_time: Compare how long an answer takes, too.
    """
    async with reference_app(token=CONTROL) as server:
        player = Player(server.port, as_values=as_values, in_time=in_time)
        try:
            for step in section.steps:
                await getattr(player, step.kind)(step)
            await player.expect_nothing_more()
        finally:
            player.close()


class Names:
    """Names that differ from run to run, told by the order in which they appear."""

    def __init__(self):
        self.known = {}

    def unify(self, text):
        text = PHX_REF.sub(lambda hit: hit[1] + self.alias(hit[2]), text)
        return ONLINE_AT.sub(r"\g<1>0", text)

    def alias(self, name):
        return self.known.setdefault(name, f"ref-{len(self.known)}")


class Player:
    """Each method does one kind of step."""

    def __init__(self, port, *, as_values, in_time):
        self.port = port
        self.as_values = as_values
        self.in_time = in_time
        self.clients = {}
        self.upgraded = set()
        self.asked = {}
        self.tokens = {}
        self.then = self.now
        self.expected_names = Names()
        self.actual_names = Names()

    @property
    def now(self):
        return asyncio.get_running_loop().time()

    async def request(self, step):
        self.forget(step.client)
        client = self.clients[step.client] = await RawClient.connect(self.port)
        headers = {name: self.fill_in(value) for name, value in step.headers.items()}
        target = self.fill_in(step.text)
        body = "\n".join(step.body).encode() if step.method in ("POST", "PUT") else None
        self.asked[step.client] = self.now
        await client.request(
            step.method, target, headers, body, is_upgrade=step.is_upgrade
        )

    async def response(self, step):
        client = self.clients[step.client]
        async with asyncio.timeout(step.after + PATIENCE):
            status, headers, body = await client.response()
        self.check_time(step, since=self.asked[step.client])
        if step.text == "101":
            assert status.split(" ")[1] == "101"
        else:
            assert status == step.text
            assert set(headers) & UNASKED <= set(step.headers)
        for name, value in step.headers.items() - OTHERWISE:
            assert headers[name].lower() == self.fill_in(value).lower()
        if step.body:
            self.check_body(stretched("".join(step.body)), body.decode())
        if " 101 " in f"{status} ":
            self.upgraded.add(step.client)

    async def send(self, step):
        await self.clients[step.client].send(map(stretched, step.frames))
        self.then = self.now

    async def receive(self, step):
        async with asyncio.timeout(step.after + PATIENCE):
            actual = await self.clients[step.client].receive()
        self.check_time(step, since=self.then)
        self.then = self.now
        self.check(stretched(step.text), actual)

    async def silence(self, step):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(self.clients[step.client].receive(), QUIET)

    async def end(self, step):
        async with asyncio.timeout(PATIENCE):
            assert await self.clients[step.client].ended() == b""
        self.forget(step.client)

    async def cut(self, step):
        self.forget(step.client)

    async def refused(self, step):
        with pytest.raises(ConnectionRefusedError):
            await RawClient.connect(self.port)

    async def wait(self, step):
        await asyncio.sleep(float(step.text))
        self.then = self.now

    async def control(self, step):
        client = await RawClient.connect(self.port)
        headers = {"Authorization": f"Bearer {CONTROL}"}
        await client.request("POST", step.text, headers, b"", is_upgrade=False)
        status, _, _ = await client.response()
        client.close()
        assert status == "HTTP/1.1 200 OK"

    async def expect_nothing_more(self):
        """Make sure that what was owed came before the answers to three pings."""
        for name in self.upgraded:
            for _ in range(3):
                await self.clients[name].send(["PING 71"])
                async with asyncio.timeout(PATIENCE):
                    assert await self.clients[name].receive() == "PONG 71"

    def check(self, expected, actual):
        expected = self.expected_names.unify(expected)
        actual = self.actual_names.unify(actual)
        if self.as_values:
            expected, actual = (json.loads(text[5:]) for text in (expected, actual))
        assert actual == expected

    def check_body(self, expected, actual):
        """Compare bodies; a token that is new is learned."""
        expected_token, token = TOKEN.search(expected), TOKEN_IN_BODY.search(actual)
        if expected_token and token:
            self.tokens.setdefault(expected_token[0], token[1])
        self.check(self.fill_in(expected), actual)

    def check_time(self, step, *, since):
        """An answer may be late on a busy machine, early it may not be."""
        if self.in_time:
            assert self.now - since > 0.9 * step.after - 0.02

    def fill_in(self, text):
        return TOKEN.sub(lambda hit: self.tokens[hit[0]], text)

    def forget(self, name):
        self.upgraded.discard(name)
        if name in self.clients:
            self.clients.pop(name).close()

    def close(self):
        for name in list(self.clients):
            self.forget(name)
