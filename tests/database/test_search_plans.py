"""Which indexes serve the search, as PostgreSQL's planner sees it with 50,000 SKUs."""

import pytest

from tests.database.plans import SMALL, indexes, plan, scanned_whole
from web.catalog.pasted import PASTED_NOUNS, PRODUCTS, SKUS, PastedNoun
from web.catalog.search import EXACT_BRANDS, EXACT_PRODUCTS, SKUS_BY_ID
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
