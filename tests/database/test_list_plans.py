"""Which indexes serve the pages of lists, and how little they read, among 50,000 SKUs."""

from itertools import combinations

import asyncpg
import pytest

from tests.database.plans import (
    FILTERS,
    PAGE,
    SMALL,
    executed,
    indexes,
    plan,
    rows_read,
    scanned_whole,
    sorts,
)
from web.catalog.brands import BRAND_SORTS, LIST_BRANDS
from web.catalog.products import LIST_PRODUCTS, PRODUCT_SORTS
from web.catalog.skus import LIST_SKUS, SKU_ORDER
from web.database.keyset import Order, keyset_query
from web.database.pool import Connection
from web.database.queries import LiteralNumber, Query

PAGES: list[tuple[Query, Order, str]] = [
    (LIST_BRANDS, BRAND_SORTS["name"], "brand_name_key"),
    (LIST_BRANDS, BRAND_SORTS["newest"], "brand_created"),
    (LIST_BRANDS, BRAND_SORTS["changed"], "brand_changed"),
    (LIST_BRANDS, BRAND_SORTS["skus"], "brand_count_skus"),
    (LIST_PRODUCTS, PRODUCT_SORTS["name"], "product_name"),
    (LIST_PRODUCTS, PRODUCT_SORTS["newest"], "product_created"),
    (LIST_PRODUCTS, PRODUCT_SORTS["changed"], "product_changed"),
    (LIST_PRODUCTS, PRODUCT_SORTS["skus"], "product_count_skus"),
    (LIST_SKUS, SKU_ORDER, "sku_pkey"),
]


async def middle_key(
    connection: Connection, query: Query, order: Order, **filters: object
) -> dict[str, object]:
    """Return the key of a row in the middle of a list, of the whole one if there is none."""
    sql, arguments = keyset_query(query, order, from_start=True, limit=5_000).bind(**filters)
    rows = await connection.fetch(sql, *arguments)
    if not rows:
        return await middle_key(connection, query, order)
    middle = rows[len(rows) // 2]
    return {"page_key": middle[order.columns[0]], "page_id": middle[order.columns[1]]}


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize(
    ("query", "order", "index"), PAGES, ids=[f"{q.name}-{index}" for q, _, index in PAGES]
)
async def test_page_of_a_list_reads_the_index_of_its_sort(
    sample: Connection, query: Query, order: Order, index: str, *, from_start: bool, backward: bool
) -> None:
    walked = order.reversed() if backward else order
    nodes = await plan(
        sample,
        keyset_query(query, walked, from_start=from_start, limit=PAGE),
        **await middle_key(sample, query, order),
    )

    assert index in indexes(nodes)
    assert not scanned_whole(nodes) - SMALL
    # Rows of one moment or one count may be put in order of their ids, but never the table.
    assert all(node["Node Type"] == "Incremental Sort" for node in sorts(nodes))


LISTS: list[tuple[Query, Order, dict[str, int]]] = [
    *((LIST_BRANDS, order, {}) for order in BRAND_SORTS.values()),
    *((LIST_PRODUCTS, order, {}) for order in PRODUCT_SORTS.values()),
    # Not by SKUs: beside a brand's few products, product_count is small enough to be read here.
    *(
        (LIST_PRODUCTS, PRODUCT_SORTS[sort], {"brand_id": 7})
        for sort in ("name", "newest", "changed")
    ),
    *(
        (LIST_SKUS, SKU_ORDER, dict.fromkeys(names, 2))
        for count in range(len(FILTERS) + 1)
        for names in combinations(FILTERS, count)
    ),
]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize(
    ("query", "order", "filters"),
    LISTS,
    ids=[f"{q.name}-{o.columns[0]}-{'-'.join(f)}" for q, o, f in LISTS],
)
async def test_page_reads_few_rows_wherever_it_is(  # where and of what are its parameters
    sample: Connection,
    query: Query,
    order: Order,
    filters: dict[str, int],
    *,
    from_start: bool,
    backward: bool,
) -> None:
    walked = order.reversed() if backward else order
    nodes = await executed(
        sample,
        keyset_query(query, walked, from_start=from_start, limit=PAGE),
        **await middle_key(sample, query, order, **filters),
        **filters,
    )

    # 10,000 products and 50,000 SKUs are there, which all came at one moment.
    assert rows_read(nodes) < 1_000
    assert not scanned_whole(nodes) - SMALL


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("sort", PRODUCT_SORTS)
async def test_page_reads_few_rows_where_brands_are_few_and_all_is_of_one_moment(
    few_brands_url: str, sort: str, *, backward: bool
) -> None:
    order = PRODUCT_SORTS[sort]
    walked = order.reversed() if backward else order
    connection = await asyncpg.connect(few_brands_url)

    nodes = await executed(
        connection,
        keyset_query(LIST_PRODUCTS, walked, from_start=False, limit=PAGE),
        **await middle_key(connection, LIST_PRODUCTS, order),
    )
    await connection.close()

    assert rows_read(nodes) < 1_000
    assert not sorts(nodes)


@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize("others", [{}, {"size_id": LiteralNumber(1)}], ids=["color", "both"])
async def test_page_of_a_rare_color_reads_few_rows(
    sample: Connection, others: dict[str, LiteralNumber], *, from_start: bool
) -> None:
    query = keyset_query(LIST_SKUS, SKU_ORDER, from_start=from_start, limit=PAGE)
    changes = sample.transaction()
    await changes.start()
    await sample.execute(
        "insert into product_color (product_color_id, product_color_name) values (99, 'Rare');"
        "insert into sku (product_id, product_color_id, product_size_id) values (9000, 99, 1)"
    )

    nodes = await executed(
        sample, query, page_key=1, page_id=1, color_id=LiteralNumber(99), **others
    )
    await changes.rollback()

    assert nodes[0]["Actual Rows"] == 1
    assert rows_read(nodes) < 1_000
