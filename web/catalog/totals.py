"""How much the catalog holds."""

from dataclasses import dataclass

from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

GET_TOTALS = load_queries("totals")["get_totals"]


@dataclass(frozen=True, slots=True)
class Totals:
    """The number of brands, products and SKUs."""

    brand_count: int
    product_count: int
    sku_count: int


async def get_totals(pool: Pool) -> Totals:
    """Return the totals of the catalog."""
    return (await fetch_rows(pool, Totals, GET_TOTALS))[0]
