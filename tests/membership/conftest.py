"""A channel in each of its states."""

import pytest


@pytest.fixture
def channel_in(stage):
    """A channel of room:1 in a state, on an open connection, wanted by `join`."""

    def bring(state):
        stage.connect()
        channel = stage.channel()
        if state != "closed":
            channel.join().mark_seen()
        if state in {"joined", "leaving"}:
            stage.answer("phx_join")
        if state == "leaving":
            channel.leave()
        if state == "errored":
            stage.answer("phx_join", "error", {"reason": "full"})
        assert channel.state == state
        return channel

    return bring
