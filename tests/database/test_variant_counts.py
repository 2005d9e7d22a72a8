"""Counts by color and size of the whole catalog: in parts, one for each writer at a time."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import asyncpg
import pytest_asyncio

from tests.conftest import database_url_on, drop_database, unique_name
from tests.database.test_counts import assert_counts
from tests.desk import CatalogMaker, Desk, get_page
from web.database.migrations import MIGRATIONS_DIR, migrate
from web.database.pool import Connection

MIGRATION: Final = "20261123190000_variant_counts.sql"
Writer = Callable[[], Awaitable[CatalogMaker]]


@pytest_asyncio.fixture
async def writer(database_url: str) -> AsyncIterator[Writer]:
    """Begin transactions, each of a connection of its own, that wait for nobody for long."""
    async with AsyncExitStack() as stack:

        async def begun() -> CatalogMaker:
            connection = await asyncpg.connect(
                database_url, server_settings={"lock_timeout": "500ms"}
            )
            stack.push_async_callback(connection.close)
            await connection.execute("begin")
            return CatalogMaker(connection)

        yield begun


@pytest_asyncio.fixture
async def before(server_url: str, tmp_path: Path) -> AsyncIterator[CatalogMaker]:
    """A catalog whose schema is the one just before the counts in parts."""
    for path in MIGRATIONS_DIR.glob("*.sql"):
        if path.name < MIGRATION:
            shutil.copy(path, tmp_path)
    name = unique_name("hangtag_test")
    url = database_url_on(server_url, name)
    await migrate(url, tmp_path)
    connection = await asyncpg.connect(url)
    yield CatalogMaker(connection)
    await connection.close()
    await drop_database(server_url, name)


def script(direction: str) -> str:
    """Return the statements of the migration, in a transaction as dbmate runs them."""
    up, down = (MIGRATIONS_DIR / MIGRATION).read_text(encoding="utf-8").split("-- migrate:down")
    return f"begin; {up if direction == 'up' else down} commit;"


async def functions(connection: Connection) -> list[str]:
    rows = await connection.fetch(
        "select pg_get_functiondef(oid) from pg_proc"
        " where pronamespace = 'public'::regnamespace and prokind = 'f'"
        " and proname ~ 'count|change_set' order by proname"
    )
    return [row[0] for row in rows]


async def two_products(catalog: CatalogMaker) -> tuple[int, int]:
    """Add two products of different brands and return their ids."""
    levis, lee = await catalog.brands(["Levis", "Lee"])
    return await catalog.product("Jacket", levis), await catalog.product("Shirt", lee)


async def parts(catalog: CatalogMaker) -> list[int]:
    """Return the counts of Blue in Small, a part at a time."""
    return await catalog.column(
        "select sku_count from variant_count"
        " where (product_color_id, product_size_id) = (1, 1) order by counter_id"
    )


async def test_writers_of_one_color_and_size_do_not_wait_for_each_other(
    catalog: CatalogMaker, writer: Writer
) -> None:
    jacket, shirt = await two_products(catalog)
    one, other = await writer(), await writer()

    await one.skus(jacket, 3)
    await other.skus(shirt, 4)
    await one.skus(jacket, 10)
    await other.connection.execute("commit")
    await one.connection.execute("commit")

    assert await parts(catalog) == [13, 4]
    await assert_counts(catalog.connection)


async def test_a_part_is_taken_by_the_next_writer(catalog: CatalogMaker) -> None:
    jacket, shirt = await two_products(catalog)
    for _ in range(5):
        await catalog.skus(jacket, 1)
        await catalog.skus(shirt, 1)

    assert await parts(catalog) == [10]


async def test_savepoint_that_is_taken_back_leaves_its_counts_and_its_part_behind(
    catalog: CatalogMaker, writer: Writer
) -> None:
    jacket, shirt = await two_products(catalog)
    one, other = await writer(), await writer()

    await one.connection.execute("savepoint first")
    await one.skus(jacket, 3)
    await one.connection.execute("rollback to first")
    # The part that it had is free now, and somebody else's before it comes again.
    await other.skus(shirt, 4)
    await one.skus(jacket, 20)
    await one.connection.execute("savepoint second")
    await one.skus(jacket, 500)
    await one.connection.execute("delete from sku where product_id = 1")
    await one.connection.execute("rollback to second")
    await one.skus(jacket, 1)
    await one.connection.execute("commit")
    await other.connection.execute("commit")

    assert await parts(catalog) == [4, 21]
    await assert_counts(catalog.connection)


async def test_part_may_be_below_0_and_pages_show_the_sum(
    desk: Desk, catalog: CatalogMaker, writer: Writer
) -> None:
    jacket, shirt = await two_products(catalog)
    await catalog.skus(jacket, 10)
    one, other = await writer(), await writer()
    await one.skus(shirt, 3)
    await other.connection.execute("delete from sku where sku_id <= 8")
    await other.connection.execute("commit")

    # Nothing of a transaction is seen before it ends.
    assert "2" in (await get_page(desk, "/colors")).rows[1]
    await one.connection.execute("commit")

    assert await parts(catalog) == [13, -8]
    assert "5" in (await get_page(desk, "/colors")).rows[1]
    assert "5" in (await get_page(desk, "/sizes")).rows[1]
    for query in ("color_id=1", "size_id=1", "color_id=1&size_id=1"):
        assert "SKUs 5" in (await get_page(desk, f"/skus?{query}")).text
    assert "SKUs 2" in (await get_page(desk, "/skus?brand_id=1&color_id=1")).text
    await assert_counts(catalog.connection)


async def test_products_that_move_change_no_count_of_the_catalog(catalog: CatalogMaker) -> None:
    jacket, _ = await two_products(catalog)
    await catalog.skus(jacket, 10)
    before = await catalog.column("select variant_count from variant_count")

    await catalog.connection.execute("update product set brand_id = 3 - brand_id")

    assert await catalog.column("select variant_count from variant_count") == before
    await assert_counts(catalog.connection)


async def test_color_and_size_without_skus_go_with_all_their_parts(
    catalog: CatalogMaker, writer: Writer
) -> None:
    jacket, shirt = await two_products(catalog)
    one, other = await writer(), await writer()
    await one.skus(jacket, 2, color_id=2, size_id=3)
    await other.skus(shirt, 2, color_id=2, size_id=3)
    await other.skus(shirt, 5)
    for each in (one, other):
        await each.connection.execute("commit")
    await catalog.connection.execute("delete from sku where product_color_id = 2")

    await catalog.connection.execute("delete from product_color where product_color_id = 2")
    await catalog.connection.execute("delete from product_size where product_size_id = 3")

    assert await catalog.value("select count(*) from variant_count") == 1
    await assert_counts(catalog.connection)


async def test_statement_that_changes_no_sku_takes_no_part(
    catalog: CatalogMaker, writer: Writer
) -> None:
    changes = "select sum(changes) from catalog_version"
    version = await catalog.value(changes)
    one = await writer()

    await one.connection.execute("delete from sku")

    assert await one.value("select coalesce(current_setting('hangtag.counter', true), '')") == ""
    await one.connection.execute("commit")
    assert await catalog.value(changes) == version


async def test_migration_counts_what_is_there_and_can_be_taken_back(before: CatalogMaker) -> None:
    connection = before.connection
    old_functions = await functions(connection)
    jacket, shirt = await two_products(before)
    for product_id, color_id, size_id in [(jacket, 1, 1), (shirt, 1, 1), (shirt, 2, 3)]:
        await before.skus(product_id, 7, color_id=color_id, size_id=size_id)

    for _ in range(2):
        await connection.execute(script("up"))
        await assert_counts(connection)
        await before.skus(jacket, 5, size_id=2)
        await connection.execute("delete from sku where sku_id % 3 = 0")
        await assert_counts(connection)

        await connection.execute(script("down"))
        assert await functions(connection) == old_functions
        # As they were counted before.
        await before.skus(shirt, 4)
        await connection.execute("delete from sku where sku_id % 5 = 0")
    counts = "select sum(sku_count), (select count(*) from sku) from brand_count"
    kept, counted = await connection.fetchrow(counts) or (None, None)
    assert kept == counted


async def test_migration_that_meets_a_delete_in_another_order_begins_again(
    before: CatalogMaker, server_url: str
) -> None:
    jacket, _ = await two_products(before)
    name = await before.value("select current_database()")
    deleting = await asyncpg.connect(database_url_on(server_url, name))
    await deleting.execute("begin")
    await deleting.execute("delete from sku where product_id = $1", jacket)

    migrating = asyncio.ensure_future(before.connection.execute(script("up")))
    await asyncio.wait([migrating], timeout=0.3)  # it waits for the SKUs, and has the products
    await deleting.execute("delete from product where product_id = $1", jacket)
    await deleting.execute("commit")
    await migrating
    await deleting.close()

    await assert_counts(before.connection)


async def test_migration_and_those_who_change_the_catalog_wait_for_each_other(
    before: CatalogMaker, server_url: str
) -> None:
    jacket, shirt = await two_products(before)
    name = await before.value("select current_database()")
    writers = [await asyncpg.connect(database_url_on(server_url, name)) for _ in range(3)]
    adding, renaming, late = (CatalogMaker(connection) for connection in writers)
    for each in (adding, renaming):
        await each.connection.execute("begin")
    await adding.skus(jacket, 5)
    await renaming.connection.execute("update brand set brand_name = 'LEE' where brand_id = 2")

    beginning, fill, rest = script("up").partition("insert into variant_count")
    migrating = asyncio.ensure_future(before.connection.execute(beginning))
    await asyncio.wait([migrating], timeout=0.3)  # it has to wait for them
    await adding.connection.execute("commit")
    await asyncio.wait([migrating], timeout=0.3)
    await renaming.skus(shirt, 6)
    await renaming.connection.execute("commit")
    await migrating
    waiting = asyncio.ensure_future(late.skus(shirt, 7))
    await asyncio.wait([waiting], timeout=0.3)  # and these for it
    await before.connection.execute(fill + rest)
    await waiting
    for connection in writers:
        await connection.close()

    await assert_counts(before.connection)
