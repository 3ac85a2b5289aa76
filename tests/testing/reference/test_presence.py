import time

import pytest


def metas(presences):
    """Metas without what no two runs have in common."""
    return {
        key: [
            {k: v for k, v in meta.items() if k not in ("phx_ref", "online_at")}
            for meta in each["metas"]
        ]
        for key, each in presences.items()
    }


async def test_who_joins_sees_the_own_diff_and_then_the_state(enter):
    client = await enter("presence:1", "&user_id=ann", {"name": "Ann"})

    event, diff = await client.hear()
    assert (event, metas(diff["joins"])) == (
        "presence_diff",
        {"ann": [{"name": "Ann"}]},
    )
    event, state = await client.hear()
    assert (event, metas(state)) == ("presence_state", {"ann": [{"name": "Ann"}]})
    assert abs(state["ann"]["metas"][0]["online_at"] - time.time()) < 60


async def test_statefirst_sees_the_state_before_it_is_in_it(enter):
    client = await enter("presence:statefirst", "&user_id=ann")

    assert await client.hear() == ("presence_state", {})
    event, diff = await client.hear()
    assert (event, metas(diff["joins"])) == ("presence_diff", {"ann": [{"name": None}]})


@pytest.fixture
async def ann(enter):
    """Somebody without a user_id, who has seen the state."""
    client = await enter("presence:1", params={"name": "Ann"})
    await client.hear()
    await client.hear()
    return client


async def test_a_meta_is_merged_and_told_after_the_reply(ann):
    assert await ann.ask("update_meta", {"status": "away"}) == ("ok", {})

    _, diff = await ann.hear()
    (joined,), (left,) = metas(diff["joins"])["anon"], metas(diff["leaves"])["anon"]
    assert joined.pop("phx_ref_prev") == diff["leaves"]["anon"]["metas"][0]["phx_ref"]
    assert joined == {"name": "Ann", "status": "away"}
    assert left == {"name": "Ann"}


async def test_who_is_untracked_is_listed_no_more(ann):
    assert await ann.ask("untrack") == ("ok", {})
    _, diff = await ann.hear()

    assert metas(diff["leaves"]) == {"anon": [{"name": "Ann"}]}
    assert await ann.ask("list") == ("ok", {})


async def test_everybody_is_listed(ann):
    status, everybody = await ann.ask("list")

    assert (status, metas(everybody)) == ("ok", {"anon": [{"name": "Ann"}]})


async def test_another_event_is_a_crash(ann):
    await ann.say("what")

    assert await ann.hear() == ("phx_error", {"reason": "channel_crash"})
