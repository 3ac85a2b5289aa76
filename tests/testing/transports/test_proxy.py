"""The proxy itself, between plain TCP ends."""

import asyncio
from contextlib import suppress

import pytest

from rx_phoenix.testing import FaultProxy
from tests.tcp import listening


async def echo(reader, writer):
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@pytest.fixture
async def proxy():
    async with listening(echo) as port, FaultProxy(port) as proxy:
        yield proxy


@pytest.fixture
async def dial(proxy):
    """Open a further connection through the proxy."""
    made = []

    async def connect():
        made.append(await asyncio.open_connection("127.0.0.1", proxy.port))
        return made[-1]

    yield connect
    for _, writer in made:
        writer.transport.abort()


@pytest.fixture
async def ends(dial):
    return await dial()


async def exchange(ends, data):
    reader, writer = ends
    writer.write(data)
    return await reader.read(65536)


async def test_it_carries_bytes_both_ways(proxy, ends):
    assert await exchange(ends, b"hello") == b"hello"
    assert proxy.connections == 1


async def test_silence_discards_bytes_and_keeps_the_connection(proxy, ends):
    proxy.silence()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(exchange(ends, b"hello"), 0.05)
    proxy.heal()
    assert await exchange(ends, b"again") == b"again"


async def test_a_corrupted_chunk_has_its_last_bit_flipped(proxy, ends):
    proxy.corrupt()

    assert await exchange(ends, b"abc") == b"abb"
    assert await exchange(ends, b"abc") == b"abc"


async def test_a_budget_cuts_in_the_middle(proxy, ends):
    proxy.cut_after(3)

    assert await exchange(ends, b"hello") == b"hel"
    assert await ends[0].read() == b""


async def test_a_budget_cuts_all_connections_once(proxy, ends, dial):
    other = await dial()
    proxy.cut_after(3)

    assert await exchange(ends, b"hello") == b"hel"
    assert await other[0].read() == b""

    assert await exchange(await dial(), b"hello") == b"hello"


async def test_a_reset_is_a_reset(proxy, ends):
    await exchange(ends, b"hello")

    proxy.reset()

    with pytest.raises(ConnectionResetError):
        await ends[0].read()


async def test_new_connections_are_refused_until_it_accepts_again(proxy):
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)

    await proxy.accept()
    _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.close()


async def test_a_delay_holds_back_and_a_throttle_holds_back_longer(proxy, ends):
    clock = asyncio.get_running_loop().time
    begin = clock()
    proxy.delay(0.02)
    await exchange(ends, b"x")
    delayed = clock() - begin

    proxy.heal()
    proxy.throttle(1000)
    begin = clock()
    await exchange(ends, b"x" * 50)
    throttled = clock() - begin

    assert delayed >= 0.04
    assert throttled >= 0.1


async def test_over_a_slow_link_bytes_flow_steadily(proxy, ends):
    reader, writer = ends
    proxy.throttle(20_000)
    writer.write(b"x" * 10_000)
    loop = asyncio.get_running_loop()
    gaps, count, last = [], 0, loop.time()
    async with asyncio.timeout(5):
        while count < 10_000:
            count += len(await reader.read(65536))
            gaps.append(loop.time() - last)
            last = loop.time()

    assert len(gaps) >= 8
    assert sorted(gaps)[len(gaps) // 2] < 0.2  # not the half second of all of it


async def test_it_falls_silent_in_the_middle(proxy, ends):
    reader, writer = ends
    proxy.silence_after(3)
    writer.write(b"hello")

    assert await reader.readexactly(3) == b"hel"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.05)
    assert proxy.connections == 1
    proxy.heal()
    assert await exchange(ends, b"again") == b"again"


async def test_blocked_writes_arrive_once_it_reads_again(proxy, ends):
    proxy.block_writes()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(exchange(ends, b"hello"), 0.05)

    proxy.heal()

    assert await ends[0].read(5) == b"hello"


async def test_a_server_that_is_not_there_is_a_reset():
    async with FaultProxy(1) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


def test_its_endpoint_is_that_of_a_reference_app():
    assert FaultProxy(4000).url == "ws://127.0.0.1:0/socket"
