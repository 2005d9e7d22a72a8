"""The history: triggers write down every change by whatever means, and nothing rewrites it."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.database.replay import current_rows, replayed_rows
from tests.desk import CatalogMaker

Psql = Callable[[str], Awaitable[None]]


@pytest.fixture
def psql(database_url: str) -> Psql:
    """Run statements as somebody does who knows nothing of the desk: by one simple query."""

    async def run(sql: str) -> None:
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    return run


async def test_every_noun_is_written_down_before_and_after(
    catalog: CatalogMaker, psql: Psql
) -> None:
    start = await current_rows(catalog)
    await psql(
        "insert into brand (brand_name) values ('Levis'), ('Lee');"
        "insert into product (product_name, brand_id) values ('Shirt', 1);"
        "insert into product_color (product_color_name) values ('Teal');"
        "insert into product_size (product_size_name) values ('XS');"
        "insert into sku (product_id, product_color_id, product_size_id) values (1, 3, 4)"
    )
    await psql(
        "update brand set brand_name = 'Levi’s' where brand_id = 1;"
        "update product set product_name = 'Blouse', brand_id = 2;"
        "update product_color set product_color_hex = '#008080' where product_color_id = 3;"
        "update product_size set product_size_name = 'XXS' where product_size_id = 4"
    )
    await psql(
        "delete from sku; delete from product; delete from brand;"
        "delete from product_color where product_color_id = 3;"
        "delete from product_size where product_size_id = 4"
    )

    entries = await catalog.connection.fetch(
        "select change_set_id, noun, row_id, brand_id, product_id,"
        " concat_ws(' ', case when before is not null then 'before' end,"
        " case when after is not null then 'after' end) as images from history order by history_id"
    )

    assert [tuple(entry) for entry in entries] == [
        (1, "brand", 1, 1, None, "after"),
        (1, "brand", 2, 2, None, "after"),
        (1, "product", 1, 1, 1, "after"),
        (1, "color", 3, None, None, "after"),
        (1, "size", 4, None, None, "after"),
        (1, "sku", 1, 1, 1, "after"),
        (2, "brand", 1, 1, None, "before after"),
        (2, "product", 1, 2, 1, "before after"),
        (2, "color", 3, None, None, "before after"),
        (2, "size", 4, None, None, "before after"),
        (3, "sku", 1, 2, 1, "before"),
        (3, "product", 1, 2, 1, "before"),
        (3, "brand", 1, 1, None, "before"),
        (3, "brand", 2, 2, None, "before"),
        (3, "color", 3, None, None, "before"),
        (3, "size", 4, None, None, "before"),
    ]
    assert await replayed_rows(catalog, start) == await current_rows(catalog) == start
    nouns = await catalog.column("select noun from change_set_noun where change_set_id = 3")
    assert sorted(nouns) == ["brand", "color", "product", "size", "sku"]


async def test_author_is_the_role_where_nobody_says_more(catalog: CatalogMaker, psql: Psql) -> None:
    await psql("insert into brand (brand_name) values ('Levis')")

    assert await catalog.value("select person = current_user from change_set")


async def test_replaying_the_history_gives_the_tables(catalog: CatalogMaker) -> None:
    start = await current_rows(catalog)
    levis, _ = await catalog.brands(["Levis", "Lee"])
    shirt, anorak = await catalog.products(["Shirt", "Anorak"], levis)
    await catalog.skus(shirt, 5)
    await catalog.skus(anorak, 3, color_id=2, size_id=2)
    for sql in (
        "update product set brand_id = 2 where product_id = 2",
        "update brand set brand_name = upper(brand_name)",
        "update product_color set product_color_hex = '#112233'",
        "delete from sku where sku_id % 2 = 0",
        # One statement that does several things, and nothing to some rows.
        (
            "insert into brand (brand_id, brand_name) values (1, 'Levis'), (9, 'Wrangler')"
            " on conflict (brand_id) do update set brand_name = excluded.brand_name"
        ),
        (
            "with gone as (delete from sku where product_id = 2 returning true)"
            " insert into product_size (product_size_name) select 'XL' from gone limit 1"
        ),
        (
            "merge into product using (values (1, 'Shirt'), (2, 'Parka'), (3, 'Coat'))"
            " as v (id, name)"
            " on product_id = id when matched then update set product_name = name when not matched"
            " then insert (product_id, product_name, brand_id) values (id, name, 9)"
        ),
    ):
        await catalog.connection.execute(sql)

    assert await replayed_rows(catalog, start) == await current_rows(catalog)


async def test_statement_that_changes_nothing_leaves_no_entry(catalog: CatalogMaker) -> None:
    await catalog.brand("Levis")
    for sql in (
        "update brand set brand_name = 'Levis'",
        "update brand set brand_name = 'Lee' where brand_id = 77",
        "delete from brand where brand_id = 77",
        "insert into brand (brand_name) select 'Lee' where false",
    ):
        await catalog.connection.execute(sql)

    assert await catalog.value("select count(*) from history") == 1
    assert await catalog.value("select count(*) from change_set") == 1


async def test_change_that_is_rolled_back_leaves_no_entry(catalog: CatalogMaker) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await catalog.brands(["Levis", "LEVIS"])

    assert await catalog.value("select count(*) from history") == 0
    assert await catalog.value("select count(*) from change_set") == 0


async def test_copy_of_many_rows_is_one_entry(catalog: CatalogMaker) -> None:
    records = [(f"Brand {number}",) for number in range(50_001)]
    await catalog.connection.copy_records_to_table(
        "brand", records=records[:50_000], columns=["brand_name"]
    )
    assert await catalog.value("select count(*) from history where noun = 'brand'") == 50_000
    await catalog.connection.execute("delete from brand")

    await catalog.connection.copy_records_to_table("brand", records=records, columns=["brand_name"])

    (entry,) = await catalog.connection.fetch("select * from history where change_set_id = 3")
    assert (entry["noun"], entry["row_id"], entry["before"]) == ("catalog", None, None)
    assert json.loads(entry["after"]) == {"brands": 50_001}
    assert await catalog.column("select noun from change_set_noun where change_set_id = 3") == [
        "catalog"
    ]


@pytest.mark.parametrize("table", ["history", "change_set", "undo_left_alone"])
async def test_history_is_only_added_to(catalog: CatalogMaker, table: str) -> None:
    await catalog.brand("Levis")
    for sql in (
        f"update {table} set change_set_id = change_set_id",  # noqa: S608 - a name of above
        f"delete from {table}",  # noqa: S608 - likewise
        f"delete from {table} where false",  # noqa: S608 - likewise
        f"truncate {table} cascade",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="is only added to"):
            await catalog.connection.execute(sql)
    assert await catalog.value("select count(*) from history") == 1


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("brand", "brand_id"),
        ("product", "product_id"),
        ("product_color", "product_color_id"),
        ("product_size", "product_size_id"),
    ],
)
async def test_id_never_changes(catalog: CatalogMaker, table: str, column: str) -> None:
    await catalog.product("Shirt", await catalog.brand("Levis"))

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changes"):
        await catalog.connection.execute(f"update {table} set {column} = 77")  # noqa: S608


@pytest.mark.parametrize("table", ["brand", "product", "product_color", "product_size", "sku"])
async def test_no_table_of_the_catalog_is_emptied_unseen(catalog: CatalogMaker, table: str) -> None:
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        await catalog.connection.execute(f"truncate {table} cascade")


async def test_transactions_side_by_side_are_change_sets_of_their_own(
    catalog: CatalogMaker, psql: Psql
) -> None:
    await asyncio.gather(
        *(
            psql(f"insert into brand (brand_name) values ('A {n}'), ('B {n}')")  # noqa: S608
            for n in range(5)
        )
    )

    counts = await catalog.column("select count(*) from history group by change_set_id")
    assert counts == [2] * 5
