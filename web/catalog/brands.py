"""Brands: looking them up."""

from dataclasses import dataclass
from datetime import datetime

from web.catalog.searches import SEARCH_COUNT_LIMIT
from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Pool, fetch_count, fetch_row
from web.database.queries import load_queries

_QUERIES = load_queries("brands")
LIST_BRANDS = _QUERIES["list_brands"]
GET_BRAND = _QUERIES["get_brand"]
COUNT_BRANDS = _QUERIES["count_brands"]
COUNT_FOUND_BRANDS = _QUERIES["count_found_brands"]
BRAND_BLOCKS = _QUERIES["csv_blocks"]

BRAND_SORTS = {
    "name": Order("brand", ("brand_name_folded", "brand_id"), str),
    "newest": Order("brand", ("created_at", "brand_id"), datetime, descending=True),
    "changed": Order("brand", ("changed_at", "brand_id"), datetime, descending=True),
    "skus": Order("brand_count", ("sku_count", "brand_id"), int, descending=True),
}


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand with the number of its products and SKUs."""

    brand_id: int
    brand_name: str
    brand_name_folded: str
    created_at: datetime
    changed_at: datetime
    version: int
    product_count: int
    sku_count: int


async def list_brands(
    pool: Pool, order: Order, position: Position, *, size: int, q: str | None = None
) -> Page[Brand]:
    """Return a page of the brands, of those whose name contains `q` if it is given."""
    return await fetch_page(pool, Brand, LIST_BRANDS, order, position, size=size, q=q)


async def count_brands(pool: Pool, *, q: str | None = None) -> int:
    """Return how many brands there are; of a search at most `SEARCH_COUNT_LIMIT`."""
    if q is None:
        return await fetch_count(pool, COUNT_BRANDS)
    return await fetch_count(pool, COUNT_FOUND_BRANDS, q=q, most=SEARCH_COUNT_LIMIT)


async def get_brand(pool: Pool, brand_id: int | None) -> Brand | None:
    """Return one brand, or None if nobody has the id or none is given."""
    if brand_id is None:
        return None
    return await fetch_row(pool, Brand, GET_BRAND, brand_id=brand_id)
