import time

import pytest


def metas(presences):
    """Remove refs and times, which differ between runs."""
    return {
        key: [
            {k: v for k, v in meta.items() if k not in ("phx_ref", "online_at")}
            for meta in each["metas"]
        ]
        for key, each in presences.items()
    }


async def test_a_join_gets_its_own_diff_and_then_the_state(enter):
    client = await enter("presence:1", "&user_id=ann", {"name": "Ann"})

    event, diff = await client.receive()
    assert (event, metas(diff["joins"])) == (
        "presence_diff",
        {"ann": [{"name": "Ann"}]},
    )
    event, state = await client.receive()
    assert (event, metas(state)) == ("presence_state", {"ann": [{"name": "Ann"}]})
    assert abs(state["ann"]["metas"][0]["online_at"] - time.time()) < 60


async def test_statefirst_gets_the_state_before_its_own_diff(enter):
    client = await enter("presence:statefirst", "&user_id=ann")

    assert await client.receive() == ("presence_state", {})
    event, diff = await client.receive()
    assert (event, metas(diff["joins"])) == ("presence_diff", {"ann": [{"name": None}]})


@pytest.fixture
async def ann(enter):
    """A client without a user_id that has received the state."""
    client = await enter("presence:1", params={"name": "Ann"})
    await client.receive()
    await client.receive()
    return client


async def test_a_meta_is_merged_and_broadcast_after_the_reply(ann):
    assert await ann.request("update_meta", {"status": "away"}) == ("ok", {})

    _, diff = await ann.receive()
    (joined,), (left,) = metas(diff["joins"])["anon"], metas(diff["leaves"])["anon"]
    assert joined.pop("phx_ref_prev") == diff["leaves"]["anon"]["metas"][0]["phx_ref"]
    assert joined == {"name": "Ann", "status": "away"}
    assert left == {"name": "Ann"}


async def test_an_untracked_user_is_not_listed(ann):
    assert await ann.request("untrack") == ("ok", {})
    _, diff = await ann.receive()

    assert metas(diff["leaves"]) == {"anon": [{"name": "Ann"}]}
    assert await ann.request("list") == ("ok", {})


async def test_all_presences_are_listed(ann):
    status, presences = await ann.request("list")

    assert (status, metas(presences)) == ("ok", {"anon": [{"name": "Ann"}]})


async def test_another_event_is_a_crash(ann):
    await ann.send("what")

    assert await ann.receive() == ("phx_error", {"reason": "channel_crash"})
