"""Tables taken apart for a load and put together again."""

import asyncpg
import pytest

from tests.database.schema import schema_parts
from tests.desk import CatalogMaker
from web.database.bulk_load import put_together, take_apart

TABLES = ["brand", "product", "sku"]
FUNCTIONS = ["count_brands", "count_products", "count_skus"]


def ignore(_done: int, _of: int) -> None:
    """Nobody watches."""


async def test_tables_are_bare_in_between_and_afterwards_what_they_were(
    catalog: CatalogMaker,
) -> None:
    connection = catalog.connection
    before = await schema_parts(connection)
    progress: list[tuple[int, int]] = []

    async with connection.transaction():
        parts = await take_apart(connection, TABLES, FUNCTIONS)
        bare = {part[0] for part in await schema_parts(connection)}
        await put_together(connection, parts, lambda done, of: progress.append((done, of)))

    assert {"sku_pkey", "sku_color", "sku sku_product_id_fkey", "product_name"}.isdisjoint(bare)
    # Foreign keys of tables that are not loaded rest on these.
    assert {"brand_pkey", "product_pkey", "product_count product_count_product_id_fkey"} <= bare
    assert await schema_parts(connection) == before
    assert progress == [(done, len(parts)) for done in range(len(parts) + 1)]


async def test_only_triggers_of_the_named_functions_rest(catalog: CatalogMaker) -> None:
    async with catalog.connection.transaction():
        await take_apart(catalog.connection, TABLES, FUNCTIONS)

        resting = await catalog.column("select tgname from pg_trigger where tgenabled <> 'O'")

    assert set(resting) == {
        "brand_inserted_count",
        "product_inserted_count",
        "product_deleted_count",
        "sku_inserted_count",
        "sku_deleted_count",
    }


async def test_definitions_of_any_kind_come_back(catalog: CatalogMaker) -> None:
    connection = catalog.connection
    await connection.execute(
        """
        create table "Odd's table" (
            "odd id" bigint primary key,
            name text unique deferrable initially deferred,
            brand_id bigint,
            span int4range,
            constraint "no overlap" exclude using gist (span with &&) where (name <> 'x'),
            constraint "odd brand" foreign key (brand_id) references brand
            on update cascade on delete set null deferrable
        );
        create unique index "odd index" on "Odd's table" (lower(name) desc nulls last)
        include (brand_id) with (fillfactor = 70) where brand_id > 5;
        alter table "Odd's table" add constraint unchecked
        foreign key (brand_id) references brand not valid;
        alter table sku replica identity using index sku_pkey;
        """
    )
    before = await schema_parts(connection)

    async with connection.transaction():
        parts = await take_apart(connection, ['"Odd\'s table"', "sku"], [])
        await put_together(connection, parts, ignore)

    assert await schema_parts(connection) == before


async def test_rows_that_break_a_foreign_key_are_refused_at_the_end(catalog: CatalogMaker) -> None:
    connection = catalog.connection
    before = await schema_parts(connection)

    async def load() -> None:
        async with connection.transaction():
            parts = await take_apart(connection, TABLES, FUNCTIONS)
            await catalog.product("Of no brand", 7)
            await put_together(connection, parts, ignore)

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await load()

    assert await schema_parts(connection) == before
    assert await catalog.value("select count(*) from product") == 0
