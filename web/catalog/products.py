"""Products: looking them up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from web.catalog.searches import SEARCH_COUNT_LIMIT
from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Pool, fetch_count, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("products")
LIST_PRODUCTS = _QUERIES["list_products"]
GET_PRODUCT = _QUERIES["get_product"]
OTHER_PRODUCTS = _QUERIES["other_products_of_brand"]
COUNT_PRODUCTS = _QUERIES["count_products"]
COUNT_FOUND_PRODUCTS = _QUERIES["count_found_products"]
PRODUCT_BLOCKS = _QUERIES["csv_blocks"]
BATCH_BLOCKS = _QUERIES["batch_blocks"]
# A product whose line in a batch would be longer than this comes a SKU at a time.
BATCH_BLOCK_BYTES: Final = 64 * 1024

PRODUCT_SORTS = {
    "name": Order("product", ("product_name_folded", "product_id"), str),
    "newest": Order("product", ("created_at", "product_id"), datetime, descending=True),
    "changed": Order("product", ("changed_at", "product_id"), datetime, descending=True),
    "skus": Order("product_count", ("sku_count", "product_id"), int, descending=True),
}


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its brand and the number of its SKUs."""

    product_id: int
    product_name: str
    product_name_folded: str
    brand_id: int
    brand_name: str
    created_at: datetime
    changed_at: datetime
    sku_count: int


async def list_products(
    pool: Pool,
    order: Order,
    position: Position,
    *,
    size: int,
    q: str | None = None,
    brand_id: int | None = None,
) -> Page[Product]:
    """Return a page of the products, of one brand's or of those whose name contains `q`."""
    return await fetch_page(
        pool, Product, LIST_PRODUCTS, order, position, size=size, q=q, brand_id=brand_id
    )


async def count_products(pool: Pool, *, q: str | None = None, brand_id: int | None = None) -> int:
    """Return how many products there are; of a search at most `SEARCH_COUNT_LIMIT`."""
    if q is None:
        return await fetch_count(pool, COUNT_PRODUCTS, brand_id=brand_id)
    return await fetch_count(
        pool, COUNT_FOUND_PRODUCTS, q=q, brand_id=brand_id, most=SEARCH_COUNT_LIMIT
    )


async def get_product(pool: Pool, product_id: int | None) -> Product | None:
    """Return one product, or None if nobody has the id or none is given."""
    if product_id is None:
        return None
    return await fetch_row(pool, Product, GET_PRODUCT, product_id=product_id)


async def other_products(pool: Pool, product_id: int, *, most: int) -> list[Product]:
    """Return up to `most` other products of the brand that `product_id` belongs to."""
    return await fetch_rows(pool, Product, OTHER_PRODUCTS, product_id=product_id, most=most)
