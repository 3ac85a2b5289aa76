"""``python -m rx_phoenix.testing.supabase``."""

import asyncio

from rx_phoenix.operators import first_value
from rx_phoenix.supabase import Realtime
from rx_phoenix.testing.supabase.__main__ import serve


async def test_it_inserts_rows_and_broadcasts(capsys):
    serving = asyncio.create_task(serve(port=0, every=0.02))
    async with asyncio.timeout(20):
        while True:
            line = capsys.readouterr().out
            if line:
                break
            await asyncio.sleep(0.01)
    _, url, *_, key = line.split()
    async with Realtime(url, key) as realtime:
        room = realtime.channel("room")
        row = first_value(room.changes(table="messages"), timeout=20)
        tick = first_value(room.broadcasts("tick"), timeout=20)

        assert (await row).record["body"].startswith("message ")
        assert (await tick)["n"] > 0
    serving.cancel()
    await asyncio.wait([serving])
