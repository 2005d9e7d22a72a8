"""Which indexes serve the search, and how little it reads, among 10,000 products."""

import pytest

from tests.database.plans import (
    PAGE,
    SMALL,
    Node,
    executed,
    indexes,
    plan,
    rows_read,
    scanned_whole,
)
from web.catalog.pasted import PASTED_NOUNS, PRODUCTS, SKUS, PastedNoun
from web.catalog.products import FIND_PRODUCTS, FOUND_SORTED, LIST_PRODUCTS, PRODUCT_SORTS
from web.catalog.search import EXACT_BRANDS, EXACT_PRODUCTS, SKUS_BY_ID
from web.database.keyset import keyset_query
from web.database.pool import Connection
from web.database.queries import Query


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        (EXACT_BRANDS, {"id": 501, "q": "501"}, {"brand_pkey", "brand_name_key"}),
        (EXACT_PRODUCTS, {"id": 501, "q": "501"}, {"product_pkey", "product_name"}),
        (SKUS_BY_ID, {"id": 501}, {"sku_sku_id", "product_pkey", "brand_pkey"}),
    ],
    ids=lambda value: value.name if isinstance(value, Query) else "",
)
async def test_search_finds_ids_and_whole_names_by_indexes(
    sample: Connection, query: Query, values: dict[str, object], expected: set[str]
) -> None:
    nodes = await plan(sample, query, **values)

    assert expected <= indexes(nodes)
    assert not scanned_whole(nodes) - SMALL


def ran(nodes: list[Node]) -> list[Node]:
    """Return the nodes that were not passed over."""
    return [node for node in nodes if node["Actual Loops"]]


@pytest.mark.parametrize("text", ["zq", "z", "?!.", "z q", "a-b", "日本"])
@pytest.mark.parametrize("others", [{}, {"brand_id": 7}], ids=["all", "brand"])
async def test_text_with_no_trigram_worth_asking_for_is_looked_for_once_in_every_name(
    sample: Connection, text: str, others: dict[str, int]
) -> None:
    nodes = await executed(sample, FIND_PRODUCTS, q=text, most=FOUND_SORTED + 1, **others)

    # product_name_trigrams would hand out every product, or most, and each would be read after it.
    assert "product_name_trigrams" not in indexes(ran(nodes))
    assert rows_read(nodes) <= (1_000 if others else 10_000)


@pytest.mark.parametrize("text", ["qzxvw", "zzz 9", "日本語", "zq-qz", "42 xl", "?zq"])
@pytest.mark.parametrize("others", [{}, {"brand_id": 7}], ids=["all", "brand"])
async def test_text_with_a_trigram_is_looked_for_in_few_names(
    sample: Connection, text: str, others: dict[str, int]
) -> None:
    nodes = await executed(sample, FIND_PRODUCTS, q=text, most=FOUND_SORTED + 1, **others)

    assert others or "product_name_trigrams" in indexes(ran(nodes))
    assert rows_read(nodes) < 100


@pytest.mark.parametrize("text", ["e", "the"])
async def test_common_text_is_looked_for_until_enough_is_found(
    sample: Connection, text: str
) -> None:
    nodes = await executed(sample, FIND_PRODUCTS, q=text, most=100)

    tables = [node for node in ran(nodes) if node["Node Type"] in {"Seq Scan", "Bitmap Heap Scan"}]
    assert sum(node["Actual Rows"] for node in tables) == 100
    assert rows_read(tables) < 1_000


@pytest.mark.parametrize("found", [3, FOUND_SORTED])
@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize("sort", PRODUCT_SORTS)
async def test_page_of_a_search_that_found_few_reads_only_those(
    sample: Connection, sort: str, found: int, *, from_start: bool
) -> None:
    order = PRODUCT_SORTS[sort]
    query = keyset_query(LIST_PRODUCTS, order, from_start=from_start, limit=PAGE)
    ids = await sample.fetchval(
        "select array(select product_id from product order by product_id limit $1)", found
    )
    nodes = await executed(sample, query, found_ids=ids, **await first_key(sample, sort))

    # A product, its count and its brand for each, and the brands perhaps all at once.
    assert rows_read(nodes) <= 3 * found + 1_000
    assert not scanned_whole(nodes) - {"brand"}


@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize("sort", PRODUCT_SORTS)
async def test_page_of_a_search_that_found_many_is_read_in_the_order_of_the_list(
    sample: Connection, sort: str, *, from_start: bool
) -> None:
    order = PRODUCT_SORTS[sort]
    query = keyset_query(LIST_PRODUCTS, order, from_start=from_start, limit=PAGE)
    # Nothing is known of what names hold, as after a load: the way must not depend on it.
    changes = sample.transaction()
    await changes.start()
    await sample.execute("delete from pg_statistic where starelid = 'product'::regclass")
    nodes = await executed(sample, query, q="the", **await first_key(sample, sort))
    await changes.rollback()

    assert rows_read(nodes) < 2_000
    assert not scanned_whole(nodes)


async def first_key(sample: Connection, sort: str) -> dict[str, object]:
    """Return the key of the first row of a list."""
    order = PRODUCT_SORTS[sort]
    sql, _ = keyset_query(LIST_PRODUCTS, order, from_start=True, limit=1).bind()
    (row,) = await sample.fetch(sql)
    return {"page_key": row[order.columns[0]], "page_id": row[order.columns[1]]}


@pytest.mark.parametrize("count", [2, 5_000])
@pytest.mark.parametrize(("noun", "index"), [(SKUS, "sku_sku_id"), (PRODUCTS, "product_pkey")])
async def test_pasted_list_is_looked_up_by_indexes(
    sample: Connection, noun: PastedNoun, index: str, count: int
) -> None:
    ids = list(range(1, count + 1))
    queries: list[tuple[Query, dict[str, object]]] = [
        (noun.known, {}),
        (noun.rows, {"most": 200}),
        (noun.totals, {}),
        (noun.blocks, {"excel": False}),
        (noun.unknown_blocks, {"entries": [str(number) for number in ids]}),
    ]
    for query, values in queries:
        nodes = await plan(sample, query, ids=ids, **values)

        assert index in indexes(nodes), query.name
        assert not scanned_whole(nodes) - SMALL, query.name
        # Above jit_above_cost PostgreSQL would compile the plan before the first line.
        assert nodes[0]["Total Cost"] < 100_000, query.name


def test_every_noun_of_a_pasted_list_goes_by_its_name() -> None:
    assert {name: noun.name for name, noun in PASTED_NOUNS.items()} == {
        "skus": "skus",
        "products": "products",
    }
