"""A batch under way: its slot, its state of the catalog, and how it breaks."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.api.batches import PATH, add_large_product, batch, body_of, lines
from tests.conftest import drop_database
from tests.desk import CatalogMaker, Desk, OpenDesk
from tests.downloads.watching import until_freed, until_parked, waiting_bytes
from tests.wire import Wire, is_whole, open_wire, unchunked


async def test_batch_beyond_the_slots_is_told_to_come_back(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1, pool_size=1)
    large = await add_large_product(catalog)
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(open_wire(desk))
        await ask(wire, [large] * 1000)
        assert (await wire.head()).status == 200
        await until_parked(catalog)

        async with desk.post(PATH, json={"product_ids": [large]}) as refused:
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert (await refused.json())["error"]["reason"]
        assert (await desk.get("/skus.csv")).status == 503
        assert (await desk.get("/products")).status == 200
        wire.leave()
    await until_freed(desk, catalog)
    assert await batch(desk, [large]) == await lines(catalog, [large])


async def test_batch_is_of_one_state_and_no_more_of_it_in_memory_than_its_reader_takes(
    desk: Desk, catalog: CatalogMaker
) -> None:
    large = await add_large_product(catalog)
    expected = await lines(catalog, [large]) * 500
    async with open_wire(desk) as wire:
        await ask(wire, [large] * 500)
        await wire.head()
        await until_parked(catalog)
        assert max(waiting_bytes(desk)) <= 3 * 64 * 1024

        await catalog.connection.execute("update product set product_name = 'Renamed'")
        await catalog.connection.execute("delete from sku where sku_id > 100")
        raw = await wire.rest()

    assert is_whole(raw)
    assert unchunked(raw).decode() == expected
    assert await batch(desk, [large]) != expected[: expected.index("\n") + 1]


async def test_connection_lost_midway_is_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    large = await add_large_product(catalog)
    async with open_wire(desk) as wire:
        await ask(wire, [large] * 1000)
        assert (await wire.head()).status == 200
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        raw = await wire.rest()

    assert not is_whole(raw)
    assert b"HTTP/1.1" not in raw
    assert b'"error"' not in raw
    await until_freed(desk, catalog)
    assert await batch(desk, [large]) == await lines(catalog, [large])


async def test_client_library_raises_for_a_broken_transfer(
    desk: Desk, catalog: CatalogMaker
) -> None:
    large = await add_large_product(catalog)
    async with desk.post(PATH, json={"product_ids": [large] * 10_000}) as response:
        assert response.status == 200
        [backend] = await until_parked(catalog)
        await catalog.value("select pg_terminate_backend($1)", backend.pid)
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await response.read()


async def test_lost_database_is_said_as_json(
    desk: Desk, catalog: CatalogMaker, server_url: str
) -> None:
    await drop_database(server_url, await catalog.value("select current_database()"))

    async with desk.post(PATH, json={"product_ids": [1]}) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert (await response.json())["error"]["status"] == 503


async def ask(wire: Wire, product_ids: Sequence[int]) -> None:
    """Ask for a batch over a wire."""
    body = body_of(product_ids)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(wire.socket, head.encode() + body)
