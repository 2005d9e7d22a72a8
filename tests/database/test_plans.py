"""Which indexes serve the queries, as PostgreSQL's planner sees it with 50,000 SKUs."""

import json
from collections.abc import AsyncIterator, Iterator
from itertools import combinations
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.conftest import create_database, database_url_on, drop_database, unique_name
from web.catalog.brands import BRAND_SORTS, LIST_BRANDS
from web.catalog.products import (
    BATCH_BLOCKS,
    GET_PRODUCT,
    LIST_PRODUCTS,
    OTHER_PRODUCTS,
    PRODUCT_SORTS,
)
from web.catalog.sample import SampleSize, load_sample, vacuum_catalog
from web.catalog.skus import DOWNLOAD_BLOCKS, LIST_SKUS, SKU_ORDER
from web.catalog.variants import VARIANTS_OF_PRODUCT
from web.database.keyset import Order, keyset_query
from web.database.pool import Connection, execute
from web.database.queries import Query
from web.downloads.streams import PLAN_IN_ORDER

PAGE = 51
Node = dict[str, Any]  # a node of a plan, as EXPLAIN writes it in JSON


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sample_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """The URL of a database with a sample catalog, to look at only."""
    name = unique_name("hangtag_sample")
    url = await create_database(server_url, name, template_database)
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await load_sample(connection, SampleSize(1_000, 10_000, 50_000), seed=1)
    await vacuum_catalog(connection)
    await connection.close()
    yield database_url_on(server_url, name)
    await drop_database(server_url, name)


@pytest_asyncio.fixture(params=["for its values", "for any values"])
async def sample(sample_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    """A connection whose plans are made for the values of a query, or once for all."""
    mode = {"for its values": "force_custom_plan", "for any values": "force_generic_plan"}
    connection = await asyncpg.connect(
        sample_url, server_settings={"plan_cache_mode": mode[request.param]}
    )
    yield connection
    await connection.close()


async def plan(connection: Connection, query: Query, **values: object) -> list[Node]:
    """Return the nodes of the plan of a query."""
    sql, arguments = query.bind(**values)
    text = await connection.fetchval(f"explain (format json) {sql}", *arguments)
    return list(_nodes(json.loads(text)[0]["Plan"]))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def indexes(nodes: list[Node]) -> set[str]:
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def scanned_whole(nodes: list[Node]) -> set[str]:
    """Return the tables that are read from end to end."""
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}


def sorts(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if "Sort" in node["Node Type"]]


SMALL = {"product_color", "product_size"}
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


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize(
    ("query", "order", "index"), PAGES, ids=[f"{q.name}-{index}" for q, _, index in PAGES]
)
async def test_page_of_a_list_reads_the_index_of_its_sort(
    sample: Connection, query: Query, order: Order, index: str, *, from_start: bool, backward: bool
) -> None:
    walked = order.reversed() if backward else order
    sql, arguments = keyset_query(query, order, from_start=True).bind(page_limit=500)
    middle = (await sample.fetch(sql, *arguments))[-1]

    nodes = await plan(
        sample,
        keyset_query(query, walked, from_start=from_start),
        page_limit=PAGE,
        page_key=middle[order.columns[0]],
        page_id=middle[order.columns[1]],
    )

    assert index in indexes(nodes)
    assert not scanned_whole(nodes) - SMALL
    # Rows of one moment or one count may be put in order of their ids, but never the table.
    assert all(node["Node Type"] == "Incremental Sort" for node in sorts(nodes))


@pytest.mark.parametrize(
    "filters", [{"product_id": 77}, {"brand_id": 7}, {"color_id": 1}, {"size_id": 2}]
)
async def test_page_of_filtered_skus_reads_indexes_in_order(
    sample: Connection, filters: dict[str, int]
) -> None:
    query = keyset_query(LIST_SKUS, SKU_ORDER, from_start=False)

    nodes = await plan(sample, query, page_limit=PAGE, page_key=5, page_id=5, **filters)

    assert not scanned_whole(nodes) - SMALL
    assert not {node["Node Type"] for node in sorts(nodes)} - {"Incremental Sort"}


async def test_page_of_a_brands_products_reads_the_index_of_its_names(sample: Connection) -> None:
    query = keyset_query(LIST_PRODUCTS, PRODUCT_SORTS["name"], from_start=False)

    nodes = await plan(sample, query, page_limit=PAGE, page_key="m", page_id=5, brand_id=7)

    assert indexes(nodes) & {"product_of_brand_name", "product_of_brand"}
    assert not scanned_whole(nodes)


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        (GET_PRODUCT, {"product_id": 7}, {"product_pkey", "product_count_pkey", "brand_pkey"}),
        (VARIANTS_OF_PRODUCT, {"product_id": 7}, {"product_variant_count_pkey"}),
        (OTHER_PRODUCTS, {"product_id": 7, "most": 6}, {"product_pkey", "product_of_brand"}),
    ],
    ids=lambda value: value.name if isinstance(value, Query) else "",
)
async def test_query_of_the_product_page_reads_indexes(
    sample: Connection, query: Query, values: dict[str, object], expected: set[str]
) -> None:
    nodes = await plan(sample, query, **values)

    assert expected <= indexes(nodes)
    assert not scanned_whole(nodes) - SMALL


FILTERS = ("product_id", "brand_id", "color_id", "size_id")


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
        await execute(sample, PLAN_IN_ORDER)
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
                below.get("Relation Name") for below in _nodes(node)
            }


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


async def test_search_reads_trigrams(sample_url: str) -> None:
    connection = await asyncpg.connect(sample_url)
    query = keyset_query(LIST_PRODUCTS, PRODUCT_SORTS["name"], from_start=True)
    nodes = await plan(connection, query, page_limit=PAGE, q="zzyzx")
    await connection.close()

    assert "product_name_trigrams" in indexes(nodes)
