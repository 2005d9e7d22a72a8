"""Downloads under way: what they hold, what they see, and what is left when a client leaves."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.desk import CatalogMaker, Desk, OpenDesk
from tests.downloads.conftest import LARGE_SKUS
from tests.downloads.expected import IN_ORDER, SKUS, copy_csv
from tests.downloads.watching import (
    slots_taken,
    until,
    until_freed,
    until_parked,
    waiting_bytes,
)
from tests.wire import is_whole, open_wire, unchunked

WRITE = 1024 * 1024


@pytest.fixture
def database_url(large_database_url: str) -> str:
    return large_database_url


@pytest.mark.parametrize("path", ["/skus.csv", "/skus.ndjson", "/products.csv?excel=1"])
async def test_large_download_arrives_whole(desk: Desk, catalog: CatalogMaker, path: str) -> None:
    async with open_wire(desk) as wire:
        await wire.ask(path)
        assert (await wire.head()).status == 200
        raw = await wire.rest()

    assert is_whole(raw)
    if path == "/skus.csv":
        assert unchunked(raw) == await copy_csv(catalog.connection, f"{SKUS} {IN_ORDER}")
    await until_freed(desk, catalog)


@pytest.mark.parametrize("how", ["FIN", "RST"])
@pytest.mark.parametrize("path", ["/skus.csv", "/skus.ndjson"])
async def test_client_that_leaves_frees_slot_and_connection_within_a_second(
    desk: Desk, catalog: CatalogMaker, how: str, path: str
) -> None:
    async with open_wire(desk) as wire:
        await wire.ask(path)
        await wire.head()
        await until_parked(catalog)
        assert await slots_taken(catalog) == 1

        (wire.leave if how == "FIN" else wire.reset)()
        await until_freed(desk, catalog, patience=1.0)


async def test_client_that_leaves_during_a_query_frees_its_connection(
    desk: Desk, catalog: CatalogMaker
) -> None:
    # The first block takes a minute.
    await catalog.connection.execute(
        "create or replace function csv_field(value text, for_spreadsheet boolean) returns text"
        " language plpgsql as $$ begin perform pg_sleep(60); return value; end $$"
    )
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")

        async def asleep() -> bool:
            return bool(
                await catalog.value(
                    "select count(*) from pg_stat_activity"
                    " where datname = current_database() and wait_event = 'PgSleep'"
                )
            )

        await until(asleep)
        wire.leave()
        await until_freed(desk, catalog, patience=1.0)


async def test_freed_connection_serves_the_next_download(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=1)
    for _ in range(5):
        async with open_wire(desk) as wire:
            await wire.ask("/skus.csv")
            await wire.head()
            wire.reset()
        await until_freed(desk, catalog)

    body = await (await desk.get("/skus.csv")).read()
    assert body.count(b"\r\n") == 1 + LARGE_SKUS


async def test_download_is_of_one_state_of_the_catalog(desk: Desk, catalog: CatalogMaker) -> None:
    expected = await copy_csv(catalog.connection, f"{SKUS} {IN_ORDER}")
    last = await catalog.value("select max(product_id) from product")
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        await until_parked(catalog)

        await catalog.connection.execute("delete from sku where product_id > $1", last - 10)
        await catalog.connection.execute("update product set product_name = 'Renamed'")
        await catalog.skus(last, 1000)
        await catalog.skus(await catalog.product("New", 1), 1000)
        raw = await wire.rest()

    assert is_whole(raw)
    assert unchunked(raw) == expected
    changed = await copy_csv(catalog.connection, f"{SKUS} {IN_ORDER}")
    assert changed != expected
    assert await (await desk.get("/skus.csv")).read() == changed


async def test_download_only_reads(desk: Desk, catalog: CatalogMaker) -> None:
    await catalog.connection.execute(
        "create or replace function csv_field(value text, for_spreadsheet boolean) returns text"
        " language plpgsql as $$ begin delete from sku; return value; end $$"
    )

    assert (await desk.get("/skus.csv")).status >= 500
    assert await catalog.value("select count(*) from sku") == LARGE_SKUS


async def test_reader_who_takes_nothing_fills_neither_memory_nor_reads_the_cursor_on(
    desk: Desk, catalog: CatalogMaker
) -> None:
    async with open_wire(desk) as wire:
        await wire.ask("/skus.csv")
        await wire.head()
        [parked] = await until_parked(catalog)
        held = waiting_bytes(desk)
        await asyncio.sleep(0.5)

        assert await until_parked(catalog) == [parked]  # no query since
        assert waiting_bytes(desk) == held
        # The transport waits above 64 KiB: no second write comes behind one that is not taken.
        assert max(held) <= WRITE + 64 * 1024


async def test_more_downloads_than_slots_are_told_to_come_back_while_pages_answer(
    open_desk: OpenDesk, catalog: CatalogMaker
) -> None:
    desk = await open_desk(download_slots=2, pool_size=1)
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(open_wire(desk)) for _ in range(2)]
        for wire in wires:
            await wire.ask("/skus.csv")
            assert (await wire.head()).status == 200
        await until_parked(catalog, 2)

        for path in ("/skus.csv", "/brands.csv"):
            refused = await desk.get(path)
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert "Content-Disposition" not in refused.headers
            assert "All downloads that can run at once are running." in await refused.text()
            assert (await desk.head(path)).status == 200  # HEAD takes no slot
        for path in ("/", "/brands", "/products", "/skus", "/products/1", "/readyz"):
            assert (await desk.get(path)).status == 200

        assert is_whole(await wires[0].rest())
        assert (await desk.get("/brands.csv")).status == 200
