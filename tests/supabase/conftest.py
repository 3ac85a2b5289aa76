"""A server of the dialect, and a client of it."""

import pytest

from rx_phoenix import Backoff, Reconnect, Rejoin, SerializerV1
from rx_phoenix.supabase import Realtime, RealtimeSerializer
from rx_phoenix.supabase._realtime import REJOIN
from rx_phoenix.testing.supabase import SupabaseServer, Table

MESSAGES = Table("messages", {"id": "int8", "body": "text"})

SERIALIZERS = {"version 1": SerializerV1, "version 2": RealtimeSerializer}

HASTY = {
    "timeout": 5.0,
    "reconnect": Reconnect(delays=Backoff(0.01)),
    "rejoin": Rejoin(
        delays=Backoff.steps(0.02),
        give_up=REJOIN.give_up,
        on_close="rejoin",
    ),
}
"""So that no test waits for a retry."""


@pytest.fixture
def hasty():
    return HASTY


@pytest.fixture
async def server():
    async with SupabaseServer([MESSAGES]) as server:
        yield server


@pytest.fixture(params=SERIALIZERS)
def serializer(request):
    return SERIALIZERS[request.param]()


@pytest.fixture
async def realtime(server):
    async with Realtime(server.url, server.api_key, **HASTY) as realtime:
        yield realtime


@pytest.fixture
async def other(server):
    async with Realtime(server.url, server.api_key, **HASTY) as realtime:
        yield realtime
