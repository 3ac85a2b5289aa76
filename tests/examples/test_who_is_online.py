"""examples/who_is_online.py: they come, go, and come twice."""

from rx_phoenix import Socket
from tests.examples.program import running


async def test_it_tells_who_comes_and_goes(server):
    async with running("who_is_online.py", "jo", "--url", server.url) as program:
        await program.said("jo")
        for _ in range(2):
            async with Socket(server.url, params={"user_id": "kim"}) as socket:
                await socket.channel("presence:lobby").join()
                await program.said("+ kim")
            await program.said("- kim")
        program.interrupt()
        code, lines = await program.end()

    visit = ["+ kim   online: jo, kim", "- kim   online: jo"]
    assert (code, lines) == (0, ["+ jo   online: jo", *visit, *visit])


async def test_whoever_is_there_twice_counts_once(server):
    params = {"user_id": "jo"}
    async with (
        running("who_is_online.py", "jo", "--url", server.url) as program,
        Socket(server.url, params=params) as socket,
        Socket(server.url, params={"user_id": "kim"}) as other,
    ):
        await program.said("jo")
        await socket.channel("presence:lobby").join()
        await other.channel("presence:lobby").join()

        assert await program.said("kim") == "+ kim   online: jo, kim"
        assert len(program.lines) == 2
