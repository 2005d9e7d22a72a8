"""What the tests of undoing share: to undo, and to look at what is in the catalog."""

from typing import Any

from tests.desk import CatalogMaker, Desk, get_page, post_form
from tests.page import Page

# What a person knows of the rows; versions and moments of change are another matter.
_ROWS = {
    "brand": "select brand_id, brand_name, created_at from brand order by 1",
    "product": "select product_id, product_name, brand_id, created_at from product order by 1",
    "color": "select product_color_id, product_color_name, product_color_hex"
    " from product_color order by 1",
    "size": "select product_size_id, product_size_name from product_size order by 1",
    "sku": "select sku_id, product_id, product_color_id, product_size_id from sku order by 1, 2",
}
_COUNTS = (
    "select 'brand', * from brand_count order by 2",
    "select 'brand variant', * from brand_variant_count where sku_count <> 0 order by 2, 3, 4",
    "select 'product', * from product_count order by 2",
    "select 'product variant', * from product_variant_count where sku_count <> 0 order by 2, 3, 4",
    (
        "select 'variant', product_color_id, product_size_id, sum(sku_count) from variant_count"
        " group by 2, 3 having sum(sku_count) <> 0 order by 2, 3"
    ),
)


async def undo(desk: Desk, change_id: int) -> Page:
    """Undo a change set and return the page of the change set that this is."""
    undone = await post_form(desk, f"/changes/{change_id}/undo", {})
    assert undone.status == 303, undone.text
    return await get_page(desk, undone.headers["Location"])


async def rows_of(catalog: CatalogMaker) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of the five tables by noun, in order of their ids."""
    return {
        noun: [tuple(row) for row in await catalog.connection.fetch(sql)]
        for noun, sql in _ROWS.items()
    }


async def counts_of(catalog: CatalogMaker) -> list[tuple[Any, ...]]:
    """Return the counts that the triggers keep."""
    return [tuple(row) for sql in _COUNTS for row in await catalog.connection.fetch(sql)]
