"""examples/supabase_changes.py: changes, broadcasts and presence."""

from rx_phoenix.testing.supabase import SupabaseServer
from tests.examples.program import running


async def test_it_shows_what_happens():
    async with (
        SupabaseServer(["messages"]) as server,
        running("supabase_changes.py", "--url", server.url) as program,
    ):
        await program.said("The channel is subscribed")
        await program.said("jo is here")
        server.insert("messages", {"id": 1, "body": "hello"})
        inserted = await program.said("INSERT")
        server.send("room", "tick", {"n": 7})
        ticked = await program.said("Tick")
        server.reset()
        await program.said("The channel is errored")
        await program.said("The channel is subscribed")
        program.interrupt()
        code, _ = await program.end()

    assert inserted == "INSERT Message(id=1, body='hello')"
    assert (ticked, code) == ("Tick 7", 0)
