"""How little a history reads, of all or of a brand or product, however large its change sets."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from tests.database.plans import PAGE, executed, indexes, rows_read, scanned_whole
from web.changes.histories import HISTORY_ORDER, LIST_HISTORY, LIST_HISTORY_OF_NOUN, NOUN_ORDER
from web.changes.tallies import TALLY_CHANGE_SETS
from web.database.keyset import Order, keyset_query
from web.database.pool import Connection
from web.database.queries import Query


@pytest_asyncio.fixture(params=["force_custom_plan", "force_generic_plan"])
async def history(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    """The history of brands; two have a product with 10,000 SKUs in five change sets."""
    connection = await asyncpg.connect(
        database_url, server_settings={"plan_cache_mode": request.param}
    )
    await connection.execute(
        "insert into brand (brand_name) values ('Levis'), ('Lee');"
        "insert into product (product_name, brand_id) values ('Shirt', 1), ('Jeans', 2);"
        # They are behind those in the indexes.
        "insert into brand (brand_name) select 'Brand ' || n from generate_series(3, 200) as n;"
        "insert into product (product_name, brand_id)"
        " select 'Product ' || n, n from generate_series(3, 200) as n"
    )
    for _ in range(5):
        for product_id in (1, 2):
            await connection.execute(
                "insert into sku (product_id, product_color_id, product_size_id)"
                " select $1, 1, 1 from generate_series(1, 2000)",
                product_id,
            )
    await connection.execute("analyze")
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("query", "order", "noun"),
    [
        (LIST_HISTORY, HISTORY_ORDER, {}),
        (LIST_HISTORY_OF_NOUN, NOUN_ORDER, {"noun": "sku"}),
    ],
    ids=["all", "of a noun"],
)
@pytest.mark.parametrize(
    ("wanted", "index"), [("brand_id", "history_brand"), ("product_id", "history_product")]
)
async def test_history_reads_few_entries_of_each_change_set(
    history: Connection, query: Query, order: Order, noun: dict[str, str], wanted: str, index: str
) -> None:
    nodes = await executed(
        history,
        keyset_query(query, order, from_start=True, limit=PAGE),
        **{wanted: 1},
        **noun,
    )

    assert nodes[0]["Actual Rows"] == (5 if noun else 6)
    assert index in indexes(nodes)
    assert rows_read(nodes) < 100
    assert "history" not in scanned_whole(nodes)


async def test_what_change_sets_did_reads_few_rows_of_each(history: Connection) -> None:
    await history.execute("delete from sku where product_id = 1")
    await history.execute("delete from product where product_id = 1")
    changes = [
        row["change_set_id"]
        for row in await history.fetch("select change_set_id from change_set order by 1")
    ]

    nodes = await executed(history, TALLY_CHANGE_SETS, change_set_ids=changes)

    assert nodes[0]["Actual Rows"] == len(changes) + 1
    assert rows_read(nodes) < 10 * len(changes)
    assert "history" not in scanned_whole(nodes)
