"""Which indexes serve the queries, as PostgreSQL's planner sees it with 50,000 SKUs."""

from itertools import combinations

import pytest

from tests.database.plans import (
    FILTERS,
    PAGE,
    SMALL,
    executed,
    indexes,
    nodes_of,
    plan,
    rows_read,
    scanned_whole,
    sorts,
)
from web.catalog.colors import LIST_COUNTED_COLORS
from web.catalog.deletes import DELETE_COLOR, DELETE_SIZE
from web.catalog.products import (
    BATCH_BLOCKS,
    GET_PRODUCT,
    PRODUCT_AND_OTHERS,
)
from web.catalog.sizes import LIST_COUNTED_SIZES
from web.catalog.skus import (
    COUNT_SKUS_OF_VARIANTS,
    DOWNLOAD_BLOCKS,
    PRODUCT_SKU_ORDER,
    SKUS_OF_PRODUCT,
)
from web.catalog.variants import MOST_CELLS, VARIANTS_OF_PRODUCT
from web.database.keyset import keyset_query
from web.database.pool import Connection, execute
from web.database.queries import Query
from web.downloads.slots import TAKE_SLOT


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        (GET_PRODUCT, {"product_id": 7}, {"product_pkey", "product_count_pkey", "brand_pkey"}),
        *(
            (
                keyset_query(SKUS_OF_PRODUCT, order, from_start=from_start, limit=PAGE),
                {"product_id": 7, "page_key": 7, "page_id": 50},
                {"sku_pkey"},
            )
            for order in (PRODUCT_SKU_ORDER, PRODUCT_SKU_ORDER.reversed())
            for from_start in (True, False)
        ),
        (
            VARIANTS_OF_PRODUCT,
            {"product_id": 7, "most_cells": MOST_CELLS},
            {"product_variant_count_pkey"},
        ),
        (
            PRODUCT_AND_OTHERS,
            {"product_id": 7, "most": 6},
            {"product_pkey", "product_of_brand", "product_count_pkey", "brand_pkey"},
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Query) else "",
)
async def test_query_of_the_product_page_reads_indexes(
    sample: Connection, query: Query, values: dict[str, object], expected: set[str]
) -> None:
    nodes = await plan(sample, query, **values)

    assert expected <= indexes(nodes)
    assert not scanned_whole(nodes) - SMALL


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (LIST_COUNTED_COLORS, {}),
        (LIST_COUNTED_SIZES, {}),
        (COUNT_SKUS_OF_VARIANTS, {"color_id": 1}),
        (COUNT_SKUS_OF_VARIANTS, {"size_id": 1}),
        (COUNT_SKUS_OF_VARIANTS, {"color_id": 1, "size_id": 1}),
        (DELETE_COLOR.count, {"row_id": 1}),
        (DELETE_SIZE.count, {"row_id": 1}),
    ],
    ids=lambda value: value.name if isinstance(value, Query) else "-".join(value),
)
async def test_counts_by_color_and_size_read_few_rows_however_many_brands_there_are(
    sample: Connection, query: Query, values: dict[str, object]
) -> None:
    nodes = await executed(sample, query, **values)

    # There are two colors, three sizes, 1,000 brands, and nobody wrote beside the load.
    assert 0 < rows_read(nodes) <= 2 * 3 + 3


@pytest.mark.parametrize("form", ["csv", "ndjson"])
@pytest.mark.parametrize("after", [{}, {"after_product_id": 500, "after_sku_id": 7}], ids=str)
@pytest.mark.parametrize(
    "names", [names for count in range(5) for names in combinations(FILTERS, count)], ids=str
)
async def test_download_of_skus_reads_indexes_in_order_and_sorts_nothing_above_them(
    sample: Connection, form: str, after: dict[str, int], names: tuple[str, ...]
) -> None:
    filters: dict[str, object] = dict.fromkeys(names, 2)
    of_variant = True if {"color_id", "size_id"} & set(names) else None

    async with sample.transaction():
        await execute(sample, TAKE_SLOT, total=1, in_order=True)
        nodes = await plan(
            sample,
            DOWNLOAD_BLOCKS,
            format=form,
            block_bytes=65536,
            of_variant=of_variant,
            **after,
            **filters,
        )

    assert not scanned_whole(nodes) - SMALL
    assert indexes(nodes) & {"sku_pkey", "sku_color", "sku_size"}
    if of_variant:
        assert any(index.startswith("product_variant_count") for index in indexes(nodes))
    # A sort of the products, or of the lines, would hold them all before the first one comes.
    # Only the SKUs of one product may be put in order.
    for node in nodes:
        if "Sort" in node["Node Type"]:
            assert "Relation Name" not in node
            assert not {"product", "product_count", "product_variant_count"} & {
                below.get("Relation Name") for below in nodes_of(node)
            }


@pytest.mark.parametrize("block_bytes", [65_536, 10**9], ids=["by SKU", "as one block"])
async def test_download_looks_each_color_and_size_up_once(
    sample: Connection, block_bytes: int
) -> None:
    transaction = sample.transaction()
    await transaction.start()
    await sample.execute(
        "with color as ("
        " insert into product_color (product_color_name) select 'Dye ' || number"
        " from generate_series(1, 40) as number returning product_color_id),"
        " size as ("
        " insert into product_size (product_size_name) select 'Width ' || number"
        " from generate_series(1, 25) as number returning product_size_id)"
        " insert into sku (product_id, product_color_id, product_size_id)"
        " select 1, product_color_id, product_size_id"
        " from color cross join size cross join generate_series(1, 3)"
    )
    sku_count = await sample.fetchval("select count(*) from sku where product_id = 1")
    await execute(sample, TAKE_SLOT, total=1, in_order=True)
    nodes = await executed(
        sample, DOWNLOAD_BLOCKS, format="csv", block_bytes=block_bytes, product_id=1
    )
    await transaction.rollback()

    # There are two colors and three sizes besides.
    for name in ("product_color", "product_size"):
        looked_up = [node for node in nodes if node.get("Relation Name") == name]
        assert 1_000 <= rows_read(looked_up) <= 1_006
    for node in nodes:
        passed = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        assert node["Actual Loops"] * passed <= sku_count


async def test_download_of_a_rare_color_reads_nothing_of_other_products(sample: Connection) -> None:
    transaction = sample.transaction()
    await transaction.start()
    color_id = await sample.fetchval(
        "insert into product_color (product_color_name) values ('Rare') returning product_color_id"
    )
    await sample.execute(
        "insert into sku (product_id, product_size_id, product_color_id)"
        " select product_id, 1, $1 from product order by product_id desc limit 5",
        color_id,
    )
    await sample.execute("analyze product_variant_count")
    await execute(sample, TAKE_SLOT, total=1, in_order=True)
    nodes = await plan(
        sample,
        DOWNLOAD_BLOCKS,
        format="csv",
        block_bytes=65536,
        color_id=color_id,
        of_variant=color_id,
    )
    await transaction.rollback()

    (product,) = (node for node in nodes if node.get("Relation Name") == "product")
    assert "product_id" in product["Index Cond"]


@pytest.mark.parametrize("count", [1, 10_000])
async def test_batch_looks_each_product_up_in_the_order_of_the_list(
    sample: Connection, count: int
) -> None:
    nodes = await plan(
        sample, BATCH_BLOCKS, product_ids=list(range(count, 0, -1)), block_bytes=65536
    )

    assert {"product_pkey", "product_count_pkey", "brand_pkey", "sku_pkey"} <= indexes(nodes)
    assert not scanned_whole(nodes) - SMALL
    # Only the SKUs of one small product are sorted, below the string_agg that takes them.
    assert {node["Sort Key"][0] for node in sorts(nodes)} <= {"sku.sku_id"}
    assert len(sorts(nodes)) <= 1
    # Above jit_above_cost PostgreSQL would compile the plan before the first line.
    assert nodes[0]["Total Cost"] < 100_000
