"""examples/request_and_reply.py: what is asked, and what comes of it."""

from tests.examples.program import running


async def test_it_tells_each_reply(server):
    async with running("request_and_reply.py", "--url", server.url) as program:
        code, lines = await program.end()

    assert code == 0
    assert lines == [
        "Answer: {'what': 'is 6 * 7'}",
        "In order: [30, 20, 10]",
        "Refused: error {'reason': 'nope'}",
        "Silence: push 'noreply' to 'room:questions' timed out after 0.1 s",
        "Attempt 2 in 0.05 s",
        "Attempt 3 in 0.1 s",
        "Still busy",
    ]
