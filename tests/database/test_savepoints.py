"""Savepoints: a part of a transaction is taken back, and the rest of it is saved."""

import pytest

from tests.desk import CatalogMaker
from web.catalog.brand_lines import BrandLine, DuplicateBrandError, create_brands
from web.database.pool import Connection, Pool
from web.database.transactions import Author, in_transaction, rehearse, savepoint

AUTHOR = Author("Ada", "127.0.0.1", "r")


async def create(connection: Connection, name: str) -> None:
    await create_brands(connection, [BrandLine(1, name)])


async def create_under_savepoint(connection: Connection, *brand_names: str) -> None:
    async with savepoint(connection):
        for name in brand_names:
            await create(connection, name)


async def names(catalog: CatalogMaker) -> list[str]:
    return await catalog.column("select brand_name from brand order by brand_id")


async def test_error_takes_back_its_savepoint_alone(pool: Pool, catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")

    async def work(connection: Connection) -> None:
        await create(connection, "Lee")
        with pytest.raises(DuplicateBrandError):
            await create_under_savepoint(connection, "Wrangler", "LEVIS")
        await create_under_savepoint(connection, "Mustang")

    await in_transaction(pool, work, author=AUTHOR)

    assert await names(catalog) == ["Levis", "Lee", "Mustang"]
    kept = "select after ->> 'brand_name' from history order by history_id"
    assert await catalog.column(kept) == ["Levis", "Lee", "Mustang"]
    assert await catalog.value("select count(*) from brand_count") == 3


async def test_change_set_begun_in_a_savepoint_that_is_taken_back_is_begun_again(
    pool: Pool, catalog: CatalogMaker
) -> None:
    await catalog.brand("Levis")

    async def work(connection: Connection) -> None:
        for name in ("Lee", "Wrangler", "Mustang"):
            with pytest.raises(DuplicateBrandError):
                await create_under_savepoint(connection, name, "LEVIS")
            await create_under_savepoint(connection, name)

    await in_transaction(pool, work, author=AUTHOR)

    assert await names(catalog) == ["Levis", "Lee", "Wrangler", "Mustang"]
    assert await catalog.value("select count(*) from change_set") == 2
    assert await catalog.value("select count(distinct change_set_id) from history") == 2


async def test_error_after_a_savepoint_takes_back_all(pool: Pool, catalog: CatalogMaker) -> None:
    async def work(connection: Connection) -> None:
        await create_under_savepoint(connection, "Levis")
        raise LookupError

    with pytest.raises(LookupError):
        await in_transaction(pool, work, author=AUTHOR)
    assert await names(catalog) == []


async def test_rehearsal_takes_back_its_savepoints(pool: Pool, catalog: CatalogMaker) -> None:
    async def work(connection: Connection) -> list[str]:
        await create_under_savepoint(connection, "Levis")
        with pytest.raises(DuplicateBrandError):
            await create_under_savepoint(connection, "LEVIS")
        rows = await connection.fetch("select brand_name from brand")
        return [row[0] for row in rows]

    assert await rehearse(pool, work, author=AUTHOR, seconds=30) == ["Levis"]
    assert await names(catalog) == []
    assert await catalog.value("select count(*) from change_set") == 0
