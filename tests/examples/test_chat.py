"""examples/chat.py: two people who type."""

from tests.examples.program import running


async def test_what_one_types_the_other_reads(server):
    async with (
        running("chat.py", "jo", "--url", server.url) as jo,
        running("chat.py", "kim", "--url", server.url) as kim,
    ):
        await jo.said("You are in lobby.")
        await kim.said("You are in lobby.")
        jo.type("hello")
        heard = await kim.said("jo")
        kim.type("hi")
        answered = await jo.said("kim")
        jo.type_end()
        kim.type_end()
        ends = [await jo.end(), await kim.end()]

    assert (heard, answered) == ("jo: hello", "kim: hi")
    assert [code for code, _ in ends] == [0, 0]


async def test_ctrl_c_ends_it_without_a_word(server):
    async with running("chat.py", "jo", "--url", server.url) as jo:
        await jo.said("You are in lobby.")
        jo.interrupt()

        assert await jo.end() == (0, ["You are in lobby."])
