"""The counts that triggers keep are those that counting would give."""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import CatalogMaker
from web.database.pool import Connection

KEPT_AND_COUNTED = {
    "brands": (
        "select brand_id, product_count, sku_count from brand_count",
        """
        select brand_id, count(distinct product_id), count(sku_id)
        from brand left join product using (brand_id) left join sku using (product_id)
        group by brand_id
        """,
    ),
    "variants of brands": (
        "select * from brand_variant_count where sku_count <> 0",
        """
        select brand_id, product_color_id, product_size_id, count(*)
        from sku join product using (product_id) group by 1, 2, 3
        """,
    ),
    "products": (
        "select product_id, sku_count from product_count",
        """
        select product_id, count(sku_id) from product left join sku using (product_id)
        group by product_id
        """,
    ),
    "variants of products": (
        "select * from product_variant_count where sku_count <> 0",
        "select product_id, product_color_id, product_size_id, count(*) from sku group by 1, 2, 3",
    ),
    "variants": (
        """
        select product_color_id, product_size_id, sum(sku_count)
        from variant_count group by 1, 2 having sum(sku_count) <> 0
        """,
        "select product_color_id, product_size_id, count(*) from sku group by 1, 2",
    ),
}


async def assert_counts(connection: Connection) -> None:
    for noun, (kept, counted) in KEPT_AND_COUNTED.items():
        rows = await connection.fetch(kept)
        assert sorted(map(tuple, rows)) == sorted(map(tuple, await connection.fetch(counted))), noun


@dataclass(frozen=True)
class Step:
    """A statement and two numbers by which it picks its rows."""

    name: str
    a: int
    b: int

    async def run(self, connection: Connection) -> None:
        sql = STATEMENTS[self.name].replace(":a", str(self.a)).replace(":b", str(self.b))
        await connection.execute(sql)


# :a and :b are the numbers.
STATEMENTS = {
    "add brands": "insert into brand (brand_name)"
    " select gen_random_uuid()::text from generate_series(1, :a % 4)",
    "add products": "insert into product (product_name, brand_id)"
    " select 'x', brand_id from brand, generate_series(1, :a % 3) where brand_id % 3 <= :b % 3",
    "add SKUs": "insert into sku (product_id, product_color_id, product_size_id)"
    " select product_id, 1 + (product_id + n) % 2, 1 + (n * :b) % 3"
    " from product, generate_series(1, :a % 7) as n where (product_id + :b) % 2 = 0",
    "remove SKUs": "delete from sku where (sku_id + :a) % (2 + :b % 3) = 0",
    "remove SKUs of products": "delete from sku where product_id % 5 = :a % 5",
    "remove products": "delete from product"
    " where (product_id + :a) % (1 + :b % 4) = 0"
    " and product_id not in (select product_id from sku)",
    "remove brands": "delete from brand"
    " where (brand_id + :a) % (1 + :b % 3) = 0 and brand_id not in (select brand_id from product)",
    "move products": "update product set brand_id = goal.brand_id"
    " from (select brand_id from brand order by (brand_id * :b) % 7, brand_id limit 1) as goal"
    " where (product_id + :a) % 2 = 0",
    "rename products": "update product set product_name = 'y'"
    " where product_id % (1 + :a % 3) = :b % 2",
}
STEPS = st.lists(
    st.builds(Step, st.sampled_from(sorted(STATEMENTS)), st.integers(1, 20), st.integers(1, 20)),
    max_size=25,
)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
async def test_counts_hold_after_statements_of_every_kind(
    catalog: CatalogMaker, steps: list[Step]
) -> None:
    connection = catalog.connection
    transaction = connection.transaction()
    await transaction.start()
    try:
        start = [Step(name, 11, 2) for name in ("add brands", "add products", "add SKUs")]
        for step in [*start, *steps]:
            await step.run(connection)
        await assert_counts(connection)
    finally:
        await transaction.rollback()


async def test_counts_hold_after_copy(catalog: CatalogMaker) -> None:
    connection = catalog.connection
    await connection.copy_records_to_table(
        "brand", columns=["brand_id", "brand_name"], records=[(1, "Levis"), (2, "Lee"), (3, "None")]
    )
    await connection.copy_records_to_table(
        "product",
        columns=["product_id", "product_name", "brand_id"],
        records=[(number, "Jacket", 1 + number % 2) for number in range(1, 21)],
    )
    await connection.copy_records_to_table(
        "sku",
        columns=["product_id", "product_color_id", "product_size_id"],
        records=[(1 + n % 17, 1 + n % 2, 1 + n % 3) for n in range(1000)],
    )

    await assert_counts(connection)
    assert await catalog.value("select sum(sku_count) from brand_count") == 1000


async def test_counts_are_undone_with_their_transaction(catalog: CatalogMaker) -> None:
    product_id = await catalog.product("Jacket", await catalog.brand("Levis"))
    await catalog.skus(product_id, 5)

    transaction = catalog.connection.transaction()
    await transaction.start()
    await catalog.skus(product_id, 7)
    await transaction.rollback()

    await assert_counts(catalog.connection)
    assert await catalog.value("select sku_count from product_count") == 5


@pytest.mark.parametrize(
    "statement",
    [
        "update sku set product_size_id = 2",
        "update sku set product_id = product_id where false",
        "truncate sku",
        "truncate product cascade",
    ],
)
async def test_sku_update_and_truncate_are_refused(catalog: CatalogMaker, statement: str) -> None:
    await catalog.skus(await catalog.product("Jacket", await catalog.brand("Levis")), 5)

    with pytest.raises(asyncpg.PostgresError) as raised:
        await catalog.connection.execute(statement)

    assert raised.value.sqlstate in {"23000", "0A000"}
    await assert_counts(catalog.connection)
    assert await catalog.value("select count(*) from sku") == 5


async def test_concurrent_writers_to_the_same_brands_neither_deadlock_nor_miscount(
    database_url: str, catalog: CatalogMaker
) -> None:
    for brand_id in [await catalog.brand(name) for name in "abcd"]:
        for number in range(5):
            await catalog.product(f"{number}", brand_id)

    async def write(seed: int) -> None:
        connection = await asyncpg.connect(database_url)
        try:
            for number in range(15):
                # Everybody takes the same products, each in an order of their own.
                await connection.execute(
                    "insert into sku (product_id, product_color_id, product_size_id)"
                    " select product_id, 1 + product_id % 2, 1 + $1 % 3 from product"
                    " order by (product_id * $2) % 23",
                    number,
                    seed,
                )
                await connection.execute("delete from sku where sku_id % 7 = $1 % 7", number)
        finally:
            await connection.close()

    await asyncio.gather(*(write(seed) for seed in range(2, 10)))

    await assert_counts(catalog.connection)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into sku (product_id, product_color_id, product_size_id) values (1, 2, 3)",
        "delete from sku where sku_id <= 2",
    ],
    ids=["insert", "delete"],
)
@pytest.mark.parametrize("first", ["the move", "the SKUs"])
async def test_skus_of_a_product_that_moves_meanwhile_count_for_its_new_brand(
    database_url: str, catalog: CatalogMaker, first: str, statement: str
) -> None:
    old, new = await catalog.brand("Levis"), await catalog.brand("Lee")
    await catalog.skus(await catalog.product("Jacket", old), 5)
    await catalog.product("Trousers", new)
    move = "update product set brand_id = 2 where product_id = 1"
    statements = [move, statement] if first == "the move" else [statement, move]
    connections = [await asyncpg.connect(database_url) for _ in statements]

    transactions = [connection.transaction() for connection in connections]
    for transaction in transactions:
        await transaction.start()
    await connections[0].execute(statements[0])
    second = asyncio.ensure_future(connections[1].execute(statements[1]))
    await asyncio.wait([second], timeout=0.3)  # it may have to wait for the first
    await transactions[0].commit()
    await second
    await transactions[1].commit()
    for connection in connections:
        await connection.close()

    await assert_counts(catalog.connection)


async def test_products_and_skus_of_one_statement_are_counted_or_refused(
    catalog: CatalogMaker,
) -> None:
    await catalog.connection.execute(
        "with b as (insert into brand (brand_name) values ('Levis') returning brand_id),"
        " p as (insert into product (product_name, brand_id) select 'Hat', brand_id from b"
        " returning product_id) insert into sku (product_id, product_size_id, product_color_id)"
        " select product_id, 1, 1 from p"
    )
    assert await catalog.value("select sku_count from brand_count") == 1
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await catalog.connection.execute(
            "with gone as (delete from product) delete from sku where product_id = 1"
        )
    assert await catalog.value("select sku_count from brand_count") == 1
