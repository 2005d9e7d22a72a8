"""SKUs: a product in one color and one size that can be sold."""

from dataclasses import dataclass

from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Pool, fetch_count
from web.database.queries import LiteralNumber, load_queries

_QUERIES = load_queries("skus")
LIST_SKUS = _QUERIES["list_skus"]
COUNT_SKUS = _QUERIES["count_skus"]
COUNT_SKUS_OF_PRODUCT = _QUERIES["count_skus_of_product"]
DOWNLOAD_BLOCKS = _QUERIES["download_blocks"]

SKU_ORDER = Order("sku", ("product_id", "sku_id"), int, joined_on=("product.product_id",))


@dataclass(frozen=True, slots=True)
class Sku:
    """A SKU with the names of what it is made of."""

    sku_id: int
    product_id: int
    product_name: str
    brand_id: int
    brand_name: str
    product_color_id: int
    product_color_name: str
    product_size_id: int
    product_size_name: str


@dataclass(frozen=True, slots=True)
class SkuFilter:
    """Which SKUs are meant: those for which all that is given holds; all SKUs if nothing is."""

    product_id: int | None = None
    brand_id: int | None = None
    color_id: int | None = None
    size_id: int | None = None


async def list_skus(pool: Pool, wanted: SkuFilter, position: Position, *, size: int) -> Page[Sku]:
    """Return a page of the SKUs that are wanted, in order of product and SKU."""
    return await fetch_page(
        pool,
        Sku,
        LIST_SKUS,
        SKU_ORDER,
        position,
        size=size,
        product_id=wanted.product_id,
        brand_id=wanted.brand_id,
        color_id=_literal(wanted.color_id),
        size_id=_literal(wanted.size_id),
    )


async def count_skus(pool: Pool, wanted: SkuFilter) -> int:
    """Return how many SKUs are wanted, exactly."""
    query = COUNT_SKUS if wanted.product_id is None else COUNT_SKUS_OF_PRODUCT
    return await fetch_count(
        pool,
        query,
        product_id=wanted.product_id,
        brand_id=wanted.brand_id,
        color_id=wanted.color_id,
        size_id=wanted.size_id,
    )


def _literal(number: int | None) -> LiteralNumber | None:
    return None if number is None else LiteralNumber(number)
