"""Pasted lists of ids: which of them are SKUs or products, and which are neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from web.catalog.products import Product
from web.catalog.skus import Sku
from web.database.concurrently import concurrently
from web.database.pool import Pool, fetch_rows
from web.database.queries import Query, load_queries

_QUERIES = load_queries("search")
KNOWN_SKU_IDS = _QUERIES["known_sku_ids"]
KNOWN_PRODUCT_IDS = _QUERIES["known_product_ids"]
LIST_PASTED_SKUS = _QUERIES["list_pasted_skus"]
LIST_PASTED_PRODUCTS = _QUERIES["list_pasted_products"]
TOTAL_PASTED_SKUS = _QUERIES["total_pasted_skus"]
TOTAL_PASTED_PRODUCTS = _QUERIES["total_pasted_products"]
PASTED_SKU_BLOCKS = _QUERIES["sku_blocks"]
PASTED_PRODUCT_BLOCKS = _QUERIES["product_blocks"]
UNKNOWN_SKU_BLOCKS = _QUERIES["unknown_sku_blocks"]
UNKNOWN_PRODUCT_BLOCKS = _QUERIES["unknown_product_blocks"]

MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Totals:
    """How many brands, products and SKUs a list comes to."""

    brand_count: int
    product_count: int
    sku_count: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a list of ids is: those that are known, their first rows, and the totals of all."""

    known: frozenset[int]
    rows: Sequence[Sku | Product]
    totals: Totals


@dataclass(frozen=True, slots=True)
class PastedNoun:
    """What the ids of a list can be the ids of, and the queries that tell."""

    name: str
    known: Query
    rows: Query
    row_type: type[Sku] | type[Product]
    totals: Query
    blocks: Query
    unknown_blocks: Query


SKUS: Final = PastedNoun(
    "skus",
    KNOWN_SKU_IDS,
    LIST_PASTED_SKUS,
    Sku,
    TOTAL_PASTED_SKUS,
    PASTED_SKU_BLOCKS,
    UNKNOWN_SKU_BLOCKS,
)
PRODUCTS: Final = PastedNoun(
    "products",
    KNOWN_PRODUCT_IDS,
    LIST_PASTED_PRODUCTS,
    Product,
    TOTAL_PASTED_PRODUCTS,
    PASTED_PRODUCT_BLOCKS,
    UNKNOWN_PRODUCT_BLOCKS,
)
PASTED_NOUNS: Final = {noun.name: noun for noun in (SKUS, PRODUCTS)}


async def known_ids(pool: Pool, noun: PastedNoun, ids: Sequence[int]) -> frozenset[int]:
    """Return which of the ids are those of SKUs, or of products."""
    return frozenset(await fetch_rows(pool, int, noun.known, ids=ids))


async def look_up(pool: Pool, noun: PastedNoun, ids: Sequence[int]) -> Lookup:
    """Look a list of ids up, each once; `MOST_ROWS` rows of what is found come in full."""
    known, rows, totals = await concurrently(
        known_ids(pool, noun, ids),
        fetch_rows(pool, noun.row_type, noun.rows, ids=ids, most=MOST_ROWS),
        fetch_rows(pool, Totals, noun.totals, ids=ids),
    )
    return Lookup(known, rows, totals[0])
