"""Supabase's official client finds in the kit's server what it finds in Supabase's."""

FILTER = {"event": "*", "schema": "public", "table": "messages"}


async def subscribe(official):
    await official.do("subscribe", channel="room")
    await official.hears("room", "status", "SUBSCRIBED")


async def test_it_gets_the_changes_that_it_asked_for(server, official):
    await official.do("channel", name="room")
    await official.do("changes", channel="room", name="all", filter=FILTER)
    narrow = {**FILTER, "filter": "id=eq.2"}
    await official.do("changes", channel="room", name="two", filter=narrow)
    await official.do("system", channel="room")
    await subscribe(official)
    await official.hears("room", "system")

    server.insert("messages", {"id": 1, "body": "a"})
    server.update("messages", {"id": 2, "body": "b"}, {"id": 1})
    server.delete("messages", {"id": 2})

    changes = [(await official.hears("room", "all"))[2] for _ in range(3)]
    assert [it["eventType"] for it in changes] == ["INSERT", "UPDATE", "DELETE"]
    assert [it["new"] for it in changes] == [
        {"id": 1, "body": "a"},
        {"id": 2, "body": "b"},
        {},
    ]
    assert [it["old"] for it in changes] == [{}, {"id": 1}, {"id": 2}]
    twos = [(await official.hears("room", "two"))[2] for _ in range(2)]
    assert [it["eventType"] for it in twos] == ["UPDATE", "DELETE"]


async def test_it_is_told_that_a_table_does_not_exist(official):
    await official.do("channel", name="room")
    nowhere = {**FILTER, "table": "nope"}
    await official.do("changes", channel="room", name="all", filter=nowhere)
    await official.do("system", channel="room")
    await official.do("subscribe", channel="room")

    _, _, message = await official.hears("room", "system")
    assert message["status"] == "error"
    assert "Unable to subscribe" in message["message"]


async def test_it_is_refused_without_rights(official):
    await official.do("channel", name="room", config={"private": True})
    await official.do("subscribe", channel="room")

    _, _, _, words = await official.hears("room", "status", "CHANNEL_ERROR")
    assert "You do not have permissions" in words


async def test_its_channel_is_closed_when_its_token_expires(server, official):
    token = server.token()
    await official.do("token", token=token)
    await official.do("channel", name="room", config={"private": True})
    await official.do("system", channel="room")
    await subscribe(official)
    server.expire(token)

    _, _, message = await official.hears("room", "system")
    assert message["message"].startswith("Token has expired")
    await official.hears("room", "status", "CLOSED")


async def test_a_new_token_keeps_its_channel(server, official):
    old, new = server.token(), server.token()
    await official.do("token", token=old)
    await official.do("channel", name="room", config={"private": True})
    await subscribe(official)
    await official.do("token", token=new)
    await official.do("track", channel="room", meta={})
    server.expire(old)

    assert await official.do("track", channel="room", meta={"n": 2}) == "ok"
    assert ["room", "status", "CLOSED"] not in [note[:3] for note in official.heard]
