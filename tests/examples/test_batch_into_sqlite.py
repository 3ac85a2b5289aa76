"""examples/batch_into_sqlite.py: every event is a row, in few batches."""

import sqlite3
from contextlib import closing

from tests.examples.program import running


async def test_every_event_is_written_once(server, tmp_path):
    path = tmp_path / "events.db"
    args = (path, "--count", "250", "--url", server.url)
    async with running("batch_into_sqlite.py", *args) as program:
        code, lines = await program.end()
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("select i from ticks order by i").fetchall()

    assert (code, rows) == (0, [(i,) for i in range(250)])
    assert sum(int(line.split()[1]) for line in lines) == 250
    assert max(int(line.split()[1]) for line in lines) == 100
