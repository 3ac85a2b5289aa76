import pytest


@pytest.fixture
def control(http):
    async def control(target):
        response = await http.get(f"/ctl/{target}")
        return await response.json()

    return control


async def test_the_clients_can_be_counted(visit, control):
    await visit("room:1", "&user_id=ann")

    assert await control("info") == {"server": "rx_phoenix", "sockets": ["user:ann"]}


async def test_a_user_can_be_disconnected(visit, control):
    client = await visit("room:1", "&user_id=ann")

    await control("disconnect/ann")

    assert (await client.websocket.receive()).data == 1001


@pytest.mark.parametrize(
    ("query", "payload"),
    [("", {}), ("&payload[k]=v&payload[l]=1%202", {"k": "v", "l": "1 2"})],
)
async def test_an_event_can_be_broadcast(enter, control, query, payload):
    client = await enter("room:1")

    await control(f"broadcast?topic=room:1&event=news{query}")

    assert await client.receive() == ("news", payload)


async def test_the_server_can_be_stopped(server, enter, control):
    client = await enter("room:1")

    assert await control("stop") == {"status": "ok"}

    assert (await client.websocket.receive()).data == 1012
    await server.wait_stopped()
