"""SKUs: a product in one color and one size that can be sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Connection, Pool, fetch, fetch_count, fetch_rows
from web.database.queries import LiteralNumber, load_queries

_QUERIES = load_queries("skus")
LIST_SKUS = _QUERIES["list_skus"]
SKUS_OF_PRODUCT = _QUERIES["skus_of_product"]
COUNT_SKUS = _QUERIES["count_skus"]
COUNT_SKUS_OF_VARIANTS = _QUERIES["count_skus_of_variants"]
COUNT_SKUS_OF_BRAND_VARIANTS = _QUERIES["count_skus_of_brand_variants"]
COUNT_SKUS_OF_PRODUCT = _QUERIES["count_skus_of_product"]
INSERT_SKUS = _QUERIES["insert_skus"]
DELETE_SKUS = _QUERIES["delete_skus"]
LOCATE_SKUS = _QUERIES["locate_skus"]
DOWNLOAD_BLOCKS = _QUERIES["download_blocks"]

SKU_ORDER = Order("sku", ("product_id", "sku_id"), int, joined_on=("product.product_id",))
PRODUCT_SKU_ORDER = Order("sku", ("product_id", "sku_id"), int)


class ProductGoneError(Exception):
    """There is no such product (any more); nothing was saved."""


class VariantGoneError(Exception):
    """There is no such color or size (any more); nothing was saved."""


class SkusGoneError(Exception):
    """Some of the SKUs are gone or another product's; `sku_ids` are those. Nothing was removed."""

    def __init__(self, sku_ids: Sequence[int]) -> None:
        super().__init__(", ".join(map(str, sku_ids)))
        self.sku_ids = sku_ids


@dataclass(frozen=True, slots=True)
class SkuAddition:
    """So many SKUs of one color and size, to be added to a product."""

    product_color_id: int
    product_size_id: int
    sku_count: int


@dataclass(frozen=True, slots=True)
class LocatedSku:
    """A SKU and the product that it belongs to."""

    sku_id: int
    product_id: int
    product_name: str


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
    product_color_hex: str | None
    product_size_id: int
    product_size_name: str


class ProductSku(NamedTuple):
    """A SKU among those of its product: its color and its size tell them apart.

    A tuple, since the page that is read most makes fifty: in half the time of a dataclass.
    """

    sku_id: int
    product_id: int
    product_color_name: str
    product_color_hex: str | None
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


async def skus_of_product(
    pool: Pool, product_id: int, position: Position, *, size: int
) -> Page[ProductSku]:
    """Return a page of a product's SKUs, in order."""
    return await fetch_page(
        pool,
        ProductSku,
        SKUS_OF_PRODUCT,
        PRODUCT_SKU_ORDER,
        position,
        size=size,
        product_id=product_id,
    )


async def count_skus(pool: Pool, wanted: SkuFilter) -> int:
    """Return how many SKUs are wanted, exactly."""
    if wanted.product_id is not None:
        query = COUNT_SKUS_OF_PRODUCT
    elif wanted.color_id is None and wanted.size_id is None:
        query = COUNT_SKUS
    elif wanted.brand_id is not None:
        query = COUNT_SKUS_OF_BRAND_VARIANTS
    else:
        query = COUNT_SKUS_OF_VARIANTS
    return await fetch_count(
        pool,
        query,
        product_id=wanted.product_id,
        brand_id=wanted.brand_id,
        color_id=wanted.color_id,
        size_id=wanted.size_id,
    )


async def add_skus(
    connection: Connection, product_id: int, additions: Sequence[SkuAddition]
) -> None:
    """Add SKUs to a product, in the order given; the counts follow by triggers.

    Raises:
        ProductGoneError: nobody has the product's id.
        VariantGoneError: nobody has the id of a color or a size.
    """
    try:
        await fetch(
            connection,
            INSERT_SKUS,
            product_id=product_id,
            color_ids=[addition.product_color_id for addition in additions],
            size_ids=[addition.product_size_id for addition in additions],
            sku_counts=[addition.sku_count for addition in additions],
        )
    except asyncpg.ForeignKeyViolationError as error:
        if (error.constraint_name or "").endswith("_product_id_fkey"):
            raise ProductGoneError(product_id) from error
        raise VariantGoneError from error


async def remove_skus(connection: Connection, product_id: int, sku_ids: Sequence[int]) -> None:
    """Remove SKUs of a product, all or none, in one statement; the counts follow by triggers.

    Args:
        connection: in a transaction, which after an error can only be rolled back.
        product_id: whose SKUs they are.
        sku_ids: which, each once.

    Raises:
        SkusGoneError: some are gone, or another product's.
    """
    rows = await fetch(connection, DELETE_SKUS, product_id=product_id, sku_ids=sku_ids)
    gone = sorted(set(sku_ids) - {row["sku_id"] for row in rows})
    if gone:
        raise SkusGoneError(gone)


async def locate_skus(pool: Pool, sku_ids: Sequence[int]) -> dict[int, LocatedSku]:
    """Return where SKUs are, by id; those that are nowhere are missing."""
    rows = await fetch_rows(pool, LocatedSku, LOCATE_SKUS, sku_ids=sku_ids)
    return {row.sku_id: row for row in rows}


def _literal(number: int | None) -> LiteralNumber | None:
    return None if number is None else LiteralNumber(number)
