"""The tables as the history has them: every entry replayed, from nothing."""

import json
from typing import Any

from tests.desk import CatalogMaker

Rows = dict[tuple[str, int, int | None], dict[str, Any]]

# The rows as the history keeps them: without what can be made from the rest.
_TABLES = {
    "brand": "select to_jsonb(brand) - 'brand_name_folded' from brand",
    "product": "select to_jsonb(product) - 'product_name_folded' from product",
    "color": "select to_jsonb(product_color) from product_color",
    "size": "select to_jsonb(product_size) from product_size",
    "sku": "select to_jsonb(sku) from sku",
}
_IDS = {
    "brand": "brand_id",
    "product": "product_id",
    "color": "product_color_id",
    "size": "product_size_id",
    "sku": "sku_id",
}


async def current_rows(catalog: CatalogMaker) -> Rows:
    """Return the rows of the five tables."""
    rows: Rows = {}
    for noun, sql in _TABLES.items():
        for text in await catalog.column(sql):
            image = json.loads(text)
            rows[noun, image[_IDS[noun]], image.get("product_id")] = image
    return rows


async def replayed_rows(catalog: CatalogMaker, start: Rows) -> Rows:
    """Return the rows that the history makes of those it began with.

    Every entry has to fit what is there when its turn comes.
    """
    rows = dict(start)
    entries = await catalog.connection.fetch(
        "select noun, row_id, product_id, before, after from history"
        " where noun <> 'catalog' order by history_id"
    )
    for entry in entries:
        key = (entry["noun"], entry["row_id"], entry["product_id"])
        before = None if entry["before"] is None else json.loads(entry["before"])
        after = None if entry["after"] is None else json.loads(entry["after"])
        assert rows.get(key) == before, key
        if after is None:
            del rows[key]
        else:
            rows[key] = after
    return rows
