"""The SKUs' entries that were written before these had a brand get theirs, while others write."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tests.conftest import database_url_on, drop_database, unique_name
from web.database.migrations import MIGRATIONS_DIR, migrate

# From here on the entry of a SKU has the brand that its product has.
VERSION = "20261123160000"


@pytest_asyncio.fixture
async def old_url(server_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database with the schema of before, and a brand with a product and two SKUs."""
    for path in MIGRATIONS_DIR.glob("*.sql"):
        if path.name < VERSION:
            shutil.copy(path, tmp_path)
    name = unique_name("hangtag_test")
    url = database_url_on(server_url, name)
    await migrate(url, tmp_path)
    connection = await asyncpg.connect(url)
    await connection.execute(
        "insert into brand (brand_name) values ('Levis'), ('Lee'), ('Wrangler');"
        "insert into product (product_name, brand_id) values ('Shirt', 1);"
        "insert into sku (product_id, product_color_id, product_size_id)"
        " values (1, 1, 1), (1, 1, 1)"
    )
    await connection.close()
    yield url
    await drop_database(server_url, name)


async def _brands_of_entries(connection: "asyncpg.Connection[asyncpg.Record]") -> list[int | None]:
    entries = await connection.fetch(
        "select brand_id from history where noun = 'sku' order by history_id"
    )
    return [entry["brand_id"] for entry in entries]


async def test_old_entries_get_the_brand_that_the_product_had(old_url: str) -> None:
    connection = await asyncpg.connect(old_url)
    await connection.execute("update product set brand_id = 2")
    await connection.execute("delete from sku where sku_id = 1")
    await connection.execute("update product set brand_id = 3")
    await connection.execute("update product set product_name = 'Blouse'")
    await connection.execute("delete from sku where sku_id = 2")
    await connection.execute("delete from product")
    assert await _brands_of_entries(connection) == [None] * 4

    await migrate(old_url)

    assert await _brands_of_entries(connection) == [1, 1, 2, 3]
    await connection.close()


@pytest.mark.parametrize(
    ("later", "brand_id"),
    [
        (["update product set brand_id = 2", "update product set brand_id = 3"], 1),
        (["delete from sku", "delete from product"], 1),
        ([], 1),
    ],
    ids=["moved", "deleted", "untouched"],
)
async def test_product_that_came_without_an_entry_had_the_brand_that_its_next_entry_found(
    old_url: str, later: list[str], brand_id: int
) -> None:
    connection = await asyncpg.connect(old_url)
    await connection.execute("delete from sku; delete from product")
    async with connection.transaction():
        await connection.execute("select set_config('hangtag.bulk', 'on', true)")
        await connection.execute("insert into product values (9, 'Jeans', 1)")
    await connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id) values (9, 1, 1)"
    )
    for sql in later:
        await connection.execute(sql)

    await migrate(old_url)

    assert set((await _brands_of_entries(connection))[4:]) == {brand_id}
    await connection.close()


async def test_old_entries_are_filled_in_batches_with_a_transaction_each(old_url: str) -> None:
    connection = await asyncpg.connect(old_url)
    await connection.execute("select setval('history_history_id_seq', 1000000)")
    await connection.execute(
        "insert into sku (product_id, product_color_id, product_size_id)"
        " select 1, 1, 1 from generate_series(1, 25000)"
    )

    await migrate(old_url)

    assert await _brands_of_entries(connection) == [1] * 25_002
    transactions = "select count(distinct xmin::text) from history where noun = 'sku'"
    assert await connection.fetchval(transactions) == 3
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="is only added to"):
        await connection.execute("update history set brand_id = 1 where false")
    await connection.close()


async def test_entry_of_a_write_that_is_under_way_gets_its_brand_too(old_url: str) -> None:
    writer, looker = await asyncpg.connect(old_url), await asyncpg.connect(old_url)
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("delete from sku where sku_id = 1")

    migrating = asyncio.create_task(migrate(old_url))
    async with asyncio.timeout(20):
        waits = "select count(*) from pg_locks where relation = 'sku'::regclass and not granted"
        while not await looker.fetchval(waits):  # noqa: ASYNC110 - a lock tells no event
            await asyncio.sleep(0.02)
    await transaction.commit()
    await migrating

    assert await _brands_of_entries(looker) == [1, 1, 1]
    await writer.close()
    await looker.close()
